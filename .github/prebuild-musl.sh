#!/bin/sh
# Inside an Alpine container: the prebuilt binary for musl. Named as a target, it is linked with libc dynamically by
# @napi-rs/cli, as an addon must be.
set -eu
. .github/alpine-rust.sh
FERROPOOL_TARGET="$(uname -m)-unknown-linux-musl" npm run prebuild
