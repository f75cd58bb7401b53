"""Reads and writes frame ranges with fileseq and openjd-model: a JSON array on stdin, one line of JSON for each."""

import decimal
import json
import sys

from fileseq import FrameSet
from openjd.model import IntRangeExpr


def text(frame):
    return format(decimal.Decimal(str(frame)).normalize() + 0, "f")


def fileseq(range_):
    return [text(frame) for frame in FrameSet(range_)]


def fileseq_count(range_):
    return len(FrameSet(range_))


def fileseq_parts(range_):
    """Each part by itself, then the first of each frame."""
    FrameSet(range_)
    frames = {}
    for part in range_.split(","):
        frames.update(dict.fromkeys(fileseq(part)))
    return list(frames)


def openjd(range_):
    return [text(frame) for frame in IntRangeExpr.from_str(range_)]


def fileseq_write(frames, width):
    return FrameSet.framesToFrameRange([int(frame) for frame in frames], sort=False, zfill=width)


def openjd_write(frames):
    return str(IntRangeExpr.from_list(frames))


WORK = {work.__name__: work for work in (fileseq, fileseq_count, fileseq_parts, openjd, fileseq_write, openjd_write)}

for name, *arguments in json.load(sys.stdin):
    try:
        print(json.dumps({"ok": WORK[name](*arguments)}))
    except (ValueError, TypeError, RuntimeError) as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
