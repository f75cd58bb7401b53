#!/bin/sh
set -e
c47 http GET @kitsu/api/data/projects
