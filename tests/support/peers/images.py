"""Writes images with OpenEXR and OpenImageIO, and reads them.

usage: images.py exr DIRECTORY       writes EXR files of all kinds
       images.py others DIRECTORY    writes PNG, JPEG, TIFF and DPX files
       images.py read DIRECTORY      prints `ok NAME` or `bad NAME` for each EXR file; `other NAME` if
                                     Python cannot tell
"""
import multiprocessing
import os
import resource
import sys
import time

import numpy
import OpenEXR
import OpenImageIO as oiio

random = numpy.random.default_rng(47)


def pixels(width, height, kind):
    y, x = numpy.mgrid[0:height, 0:width]
    values = numpy.sin(x / 7) + numpy.cos(y / 5) + random.random((height, width)) * 0.05
    return (numpy.abs(values) * 1000 if kind == "uint32" else values).astype(kind)


def compressions():
    count = int(OpenEXR.Compression.NUM_COMPRESSION_METHODS)
    for number in range(count):
        compression = OpenEXR.Compression(number)
        yield compression, compression.name.replace("_COMPRESSION", "").lower()


def tiles(width, height):
    description = OpenEXR.TileDescription()
    description.xSize, description.ySize = width, height
    return description


def mixed(width, height):
    channels = {name: pixels(width, height, "float16") for name in "RGBA"}
    channels["Z"] = pixels(width, height, "float32")
    channels["id"] = pixels(width, height, "uint32")
    return channels


def samples(width, height):
    """Deep pixels with 0 to 3 samples."""
    z, a = (numpy.empty((height, width), dtype=object) for _ in "za")
    for y in range(height):
        for x in range(width):
            count = int(random.integers(0, 4))
            z[y, x] = random.random(count).astype("float32") if count else None
            a[y, x] = random.random(count).astype("float16") if count else None
    return {"Z": z, "A": a}


def write_exr(directory):
    def write(name, header, channels):
        # A copy: OpenEXR adds attributes to a header.
        OpenEXR.File(dict(header), channels).write(os.path.join(directory, name + ".exr"))

    window = (numpy.array([-5, -7], "int32"), numpy.array([34, 42], "int32"))
    display = (numpy.array([0, 0], "int32"), numpy.array([99, 99], "int32"))
    for compression, name in compressions():
        scanlines = {"compression": compression, "type": OpenEXR.scanlineimage}
        tiled = {"compression": compression, "type": OpenEXR.tiledimage, "tiles": tiles(16, 24)}
        for width, height in [(37, 41), (64, 300), (1, 1)]:
            write(f"scan-{name}-{width}x{height}", scanlines, mixed(width, height))
        for kind in ["float32", "uint32"]:
            channels = {channel: pixels(37, 41, kind) for channel in "RGB"}
            write(f"scan-{name}-{kind}", scanlines, channels)
        moved = dict(scanlines, dataWindow=window, displayWindow=display)
        write(f"window-{name}", moved, mixed(40, 50))
        write(f"tile-{name}", tiled, mixed(50, 70))
        parts = [
            OpenEXR.Part(dict(scanlines), {channel: pixels(30, 40, "float16") for channel in "RGBA"}, "rgba"),
            OpenEXR.Part(dict(scanlines), {"Z": pixels(30, 40, "float32")}, "depth"),
            OpenEXR.Part(dict(tiled), {"X": pixels(30, 40, "float16")}, "tiled"),
        ]
        OpenEXR.File(parts).write(os.path.join(directory, f"multi-{name}.exr"))
        if name in ["no", "rle", "zips", "zstd"]:
            deep = dict(scanlines, type=OpenEXR.deepscanline)
            write(f"deepscan-{name}", deep, samples(30, 20))
            deep = dict(tiled, type=OpenEXR.deeptile, tiles=tiles(8, 8))
            write(f"deeptile-{name}", deep, samples(30, 20))
    for name in ["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"]:
        spec = oiio.ImageSpec(100, 60, 4, "half")
        spec.attribute("compression", name)
        path = os.path.join(directory, f"mip-{name}.exr")
        done = oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, image(100, 60, 4, "half"), path, spec)
        assert done, oiio.geterror()


def image(width, height, channels, kind):
    buffer = oiio.ImageBuf(oiio.ImageSpec(width, height, channels, kind))
    values = random.random((height, width, channels)).astype("float32")
    # Half of it compresses well.
    values[: height // 2] = 0.25
    buffer.set_pixels(oiio.ROI(), values)
    return buffer


def write_others(directory):
    def write(name, buffer, kind="unknown"):
        done = buffer.write(os.path.join(directory, name), kind)
        assert done, f"{name}: {buffer.geterror()}"

    for channels in [1, 2, 3, 4]:
        for kind in ["uint8", "uint16"]:
            write(f"{channels}-{kind}.png", image(61, 47, channels, kind), kind)
    write("large.png", image(610, 470, 4, "uint16"), "uint16")
    for quality in [50, 95]:
        buffer = image(61, 47, 3, "uint8")
        buffer.specmod().attribute("CompressionQuality", quality)
        write(f"{quality}.jpg", buffer)
    for compression in ["none", "lzw", "zip", "packbits", "jpeg"]:
        for kind in ["uint8"] if compression == "jpeg" else ["uint8", "uint16", "half", "float"]:
            for tile in [0, 32]:
                for planes in ["contig", "separate"]:
                    for channels in [1, 3, 4]:
                        buffer = image(61, 47, channels, kind)
                        spec = buffer.specmod()
                        spec.attribute("compression", compression)
                        spec.attribute("planarconfig", planes)
                        spec.tile_width = spec.tile_height = tile
                        write(f"{compression}-{kind}-{tile}-{planes}-{channels}.tif", buffer, kind)
    for bits in [8, 10, 12, 16]:
        for packing in ["Packed", "Filled, method A", "Filled, method B"]:
            for order in ["big", "little"]:
                for channels in [1, 3, 4]:
                    buffer = image(61, 47, channels, "uint16" if bits > 8 else "uint8")
                    spec = buffer.specmod()
                    spec.attribute("oiio:BitsPerSample", bits)
                    spec.attribute("dpx:Packing", packing)
                    spec.attribute("oiio:Endian", order)
                    write(f"{bits}-{packing[-1]}-{order}-{channels}.dpx", buffer)


def read_whole(path):
    """Fails if any pixel of an EXR file cannot be read."""
    # The file without pixels: OpenEXR.File prints what it cannot read, and leaves the part out.
    headers = OpenEXR.File(path, header_only=True).parts
    for part in headers:
        str(part.header["channels"])
    parts = OpenEXR.File(path, num_threads=0).parts
    if not parts or len(parts) != len(headers):
        raise ValueError("parts not read")
    for part in parts:
        if not part.channels or any(it.pixels is None for it in part.channels.values()):
            raise ValueError("channels not read")
    if os.path.basename(path).rpartition("_")[2].startswith("mip-"):
        read_levels(path)


def read_levels(path):
    source = oiio.ImageInput.open(path)
    if not source:
        raise ValueError(oiio.geterror())
    level = 0
    while source.seek_subimage(0, level):
        if source.read_image(0, level, 0, source.spec().nchannels, "unknown") is None:
            raise ValueError(source.geterror())
        level += 1


def worker(paths, results):
    # Enough for the images, not for dimensions that a mutation made huge.
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    # OpenEXR prints warnings.
    for output in [1, 2]:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    for path in paths:
        results.put(path)
        try:
            read_whole(path)
            results.put("ok")
        except UnicodeDecodeError:
            # OpenEXR reads names that are not UTF-8; its module for Python does not.
            results.put("other")
        except BaseException:
            results.put("bad")
    results.put(None)


def read(directory):
    waiting = sorted(os.path.join(directory, name) for name in os.listdir(directory))
    while waiting:
        results = multiprocessing.SimpleQueue()
        process = multiprocessing.Process(target=worker, args=(waiting, results))
        process.start()
        current, last = None, time.monotonic()
        while True:
            if results._reader.poll(0.5):
                result, last = results.get(), time.monotonic()
                if result is None:
                    waiting = []
                    break
                if result in ("ok", "bad", "other"):
                    print(result, os.path.basename(current))
                else:
                    current = result
            elif not process.is_alive() or time.monotonic() - last > 30:
                # A crash, or a loop.
                process.kill()
                print("bad", os.path.basename(current))
                waiting = waiting[waiting.index(current) + 1 :]
                break
        process.join()


if __name__ == "__main__":
    {"exr": write_exr, "others": write_others, "read": read}[sys.argv[1]](sys.argv[2])
