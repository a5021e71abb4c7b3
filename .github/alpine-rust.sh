# Sourced inside an Alpine container: a C toolchain, and the Rust of our choice rather than Alpine's.
set -eu
apk add --no-cache rustup gcc g++ make musl-dev python3
rustup-init -y --quiet --profile minimal --default-toolchain "$RUST"
. "$HOME/.cargo/env"
