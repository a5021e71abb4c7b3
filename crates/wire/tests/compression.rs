//! OP_COMPRESSED: what is wrapped is unwrapped, and what is hostile costs an error.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_wire::{
    Compressor, CompressorId, Decompressor, HEADER_LENGTH, Header, WireError, is_compressed,
    op_code, op_compressed,
};
use proptest::prelude::*;

const LIMIT: usize = 48_000_000;

/// What a decoder may take beside the message: zlib's is 43 KB.
const DECODER_STATE: u64 = 100_000;

const ALL: [CompressorId; 4] = [
    CompressorId::Noop,
    CompressorId::Snappy,
    CompressorId::Zlib,
    CompressorId::Zstd,
];

fn message(payload: &[u8]) -> Vec<u8> {
    let header = Header {
        message_length: i32::try_from(HEADER_LENGTH + payload.len()).unwrap(),
        request_id: 77,
        response_to: -5,
        op_code: op_code::OP_MSG,
    };
    [&header.to_bytes()[..], payload].concat()
}

fn compressed(id: CompressorId, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![];
    let mut compressor = Compressor::new(id, -1);
    compressor.compress(&message(payload), &mut out).unwrap();
    out
}

fn wrapped(inner_op_code: i32, size: i32, id: u8, data: &[u8]) -> Vec<u8> {
    let header = Header {
        message_length: i32::try_from(25 + data.len()).unwrap(),
        request_id: 1,
        response_to: 2,
        op_code: op_code::OP_COMPRESSED,
    };
    let fields = [inner_op_code.to_le_bytes(), size.to_le_bytes()].concat();
    [&header.to_bytes()[..], &fields, &[id], data].concat()
}

fn error(message: &[u8]) -> WireError {
    error_within(message, LIMIT)
}

fn error_within(message: &[u8], limit: usize) -> WireError {
    let mut out = b"before".to_vec();
    let error = Decompressor::new()
        .decompress(message, limit, &mut out)
        .unwrap_err();
    assert_eq!(out, b"before");
    error
}

/// Bytes that compress well, and some that do not.
fn payloads() -> Vec<Vec<u8>> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let bytes = std::iter::repeat_with(|| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random.to_le_bytes()[3]
        });
        bytes.take(length).collect()
    };
    let mut all = vec![];
    for length in [0, 1, 15, 100, 65_536, 65_537, 1_000_000, 5 << 20] {
        all.push(vec![0; length]);
        all.push(b"{ _id: 17, name: 'Ada' }".repeat(length / 24 + 1));
        all.push(noise(length));
    }
    all
}

#[test]
fn every_compressor_gives_back_what_it_got() {
    let payloads = payloads();
    let mut decompressor = Decompressor::new();
    for id in ALL {
        let mut compressor = Compressor::new(id, 1);
        for payload in &payloads {
            let message = message(payload);
            let mut wire = b"unsent".to_vec();
            compressor.compress(&message, &mut wire).unwrap();
            let wire = &wire[6..];
            assert!(is_compressed(wire));
            let header = Header::parse(wire).unwrap();
            assert_eq!(header.message_length, i32::try_from(wire.len()).unwrap());
            assert_eq!((header.request_id, header.response_to), (77, -5));

            let mut out = b"before".to_vec();
            let used = decompressor.decompress(wire, LIMIT, &mut out).unwrap();
            assert_eq!(used, id);
            assert!(out[6..] == message, "{id}, {} bytes", payload.len());
        }
    }
}

#[test]
fn every_zlib_level_is_read() {
    let payload = b"{ name: 'Ada' }".repeat(100);
    let sizes = (-2..11).map(|level| {
        let mut wire = vec![];
        let mut compressor = Compressor::new(CompressorId::Zlib, level);
        compressor.compress(&message(&payload), &mut wire).unwrap();
        let mut out = vec![];
        Decompressor::new()
            .decompress(&wire, LIMIT, &mut out)
            .unwrap();
        assert_eq!(out, message(&payload));
        wire.len()
    });
    let sizes: Vec<_> = sizes.collect();
    assert!(sizes[2] > payload.len(), "level 0 compresses: {sizes:?}");
    assert!(sizes[11] < payload.len() / 5, "level 9 does not: {sizes:?}");
}

#[test]
fn only_whole_messages_are_compressed_and_only_once() {
    let mut compressor = Compressor::new(CompressorId::Snappy, -1);
    let mut out = vec![1];
    let once = compressed(CompressorId::Snappy, b"abc");
    for (message, expected) in [
        (once, WireError::NestedCompression),
        (
            message(b"abc")[..18].to_vec(),
            WireError::MessageLengthMismatch {
                declared: 19,
                available: 18,
            },
        ),
        (
            vec![0; 15],
            WireError::Truncated {
                needed: 16,
                available: 15,
            },
        ),
    ] {
        assert_eq!(compressor.compress(&message, &mut out), Err(expected));
        assert_eq!(out, [1]);
    }
}

#[test]
fn fields_that_cannot_be_are_named() {
    for (id, size, expected) in [
        (1, -1, WireError::NegativeUncompressedSize { size: -1 }),
        (
            1,
            i32::MAX,
            WireError::MessageTooLong {
                length: i32::MAX as usize + 16,
                limit: 1000,
            },
        ),
        (
            1,
            985,
            WireError::MessageTooLong {
                length: 1001,
                limit: 1000,
            },
        ),
        (4, 3, WireError::UnknownCompressor { id: 4 }),
        (255, 3, WireError::UnknownCompressor { id: 255 }),
    ] {
        let message = wrapped(op_code::OP_MSG, size, id, b"abc");
        assert_eq!(error_within(&message, 1000), expected);
    }
    let nested = wrapped(op_code::OP_COMPRESSED, 3, 0, b"abc");
    assert_eq!(error(&nested), WireError::NestedCompression);
    let unlimited = wrapped(op_code::OP_MSG, i32::MAX, 0, b"abc");
    assert!(matches!(
        error_within(&unlimited, usize::MAX),
        WireError::MessageTooLong { .. }
    ));
}

#[test]
fn the_largest_message_is_let_through() {
    let wire = compressed(CompressorId::Zlib, &[0; 984]);
    let mut out = vec![];
    Decompressor::new()
        .decompress(&wire, 1000, &mut out)
        .unwrap();
    assert_eq!(out.len(), 1000);
}

#[test]
fn a_message_that_is_cut_off_is_refused_wherever_it_is() {
    for id in ALL {
        let whole = compressed(id, &b"{ name: 'Ada' }".repeat(20));
        for length in 0..whole.len() {
            let mut cut = whole[..length].to_vec();
            if let Some(place) = cut.first_chunk_mut::<4>() {
                *place = i32::try_from(length).unwrap().to_le_bytes();
            }
            let error = error(&cut);
            let is_named = match length {
                0..25 => matches!(error, WireError::Truncated { .. }),
                _ => matches!(
                    error,
                    WireError::InvalidCompressedData { .. }
                        | WireError::UncompressedSizeMismatch { .. }
                ),
            };
            assert!(is_named, "{id}, {length} bytes: {error}");
        }
    }
}

#[test]
fn a_size_that_is_not_kept_is_refused() {
    for id in ALL {
        for (payload, declared) in [(100, 99), (100, 101), (100, 0), (0, 1), (200_000, 199_999)] {
            let mut wire = compressed(id, &vec![7; payload]);
            wire[20..24].copy_from_slice(&i32::to_le_bytes(declared));
            let error = error(&wire);
            let WireError::UncompressedSizeMismatch { declared: size, .. } = error else {
                panic!("{id}, {payload} for {declared}: {error}")
            };
            assert_eq!(size, usize::try_from(declared).unwrap());
        }
    }
}

#[test]
fn bytes_behind_the_end_are_refused() {
    for id in [CompressorId::Snappy, CompressorId::Zlib, CompressorId::Zstd] {
        let mut wire = compressed(id, b"abcabcabcabcabc");
        wire.push(0);
        let length = i32::try_from(wire.len()).unwrap();
        wire[..4].copy_from_slice(&length.to_le_bytes());
        let error = error(&wire);
        let expected = WireError::InvalidCompressedData { compressor: id };
        assert_eq!(error, expected);
    }
}

#[test]
fn a_failure_leaves_the_decompressor_usable() {
    let mut decompressor = Decompressor::new();
    for id in ALL {
        let good = compressed(id, &[9; 300_000]);
        let mut bad = good.clone();
        let middle = 25 + (bad.len() - 25) / 2;
        bad.truncate(middle);
        let length = i32::try_from(bad.len()).unwrap();
        bad[..4].copy_from_slice(&length.to_le_bytes());
        let mut out = vec![];
        decompressor.decompress(&bad, LIMIT, &mut out).unwrap_err();
        decompressor.decompress(&good, LIMIT, &mut out).unwrap();
        assert_eq!(out, message(&[9; 300_000]));
    }
}

#[test]
fn a_large_size_in_a_small_message_reserves_little() {
    for id in ALL {
        let mut wire = compressed(id, &[0; 2000]);
        wire[20..24].copy_from_slice(&40_000_000_i32.to_le_bytes());
        let mut decompressor = Decompressor::new();
        let measured = allocation_counter::measure(|| {
            let mut out = vec![];
            decompressor.decompress(&wire, LIMIT, &mut out).unwrap_err();
        });
        assert!(
            measured.bytes_max < DECODER_STATE + 70_000,
            "{id}: {measured:?}"
        );
    }
}

#[test]
fn a_size_beyond_the_limit_reserves_nothing() {
    for id in ALL {
        let wire = compressed(id, &[0; 100_000]);
        let mut decompressor = Decompressor::new();
        let mut out = vec![];
        let measured = allocation_counter::measure(|| {
            decompressor
                .decompress(&wire, 100_015, &mut out)
                .unwrap_err();
        });
        assert_eq!(measured.count_total, 0, "{id}");
    }
}

#[test]
fn warm_buffers_are_enough() {
    for id in ALL {
        let message = message(&b"{ name: 'Ada' }".repeat(1000));
        let mut compressor = Compressor::new(id, 6);
        let mut decompressor = Decompressor::new();
        let (mut wire, mut out) = (vec![], vec![]);
        let mut round_trip = || {
            wire.clear();
            out.clear();
            compressor.compress(&message, &mut wire).unwrap();
            decompressor.decompress(&wire, LIMIT, &mut out).unwrap();
        };
        round_trip();
        let measured = allocation_counter::measure(round_trip);
        assert_eq!(measured.count_total, 0, "{id}");
    }
}

#[test]
fn zstd_that_does_not_say_its_size_is_read() {
    // What a streaming encoder writes, whose window is the format's usual one.
    let payload = b"{ name: 'Ada' }".repeat(20_000);
    let mut encoder = zstd::stream::Encoder::new(vec![], 3).unwrap();
    std::io::Write::write_all(&mut encoder, &payload).unwrap();
    let data = encoder.finish().unwrap();
    let declared = zstd::zstd_safe::get_frame_content_size(&data);
    assert!(matches!(declared, Ok(None)));
    let size = i32::try_from(payload.len()).unwrap();
    let mut out = vec![];
    let wire = wrapped(op_code::OP_MSG, size, 3, &data);
    Decompressor::new()
        .decompress(&wire, LIMIT, &mut out)
        .unwrap();
    assert!(out[16..] == payload);
    let wrong = wrapped(op_code::OP_MSG, size - 1, 3, &data);
    assert!(matches!(
        error(&wrong),
        WireError::UncompressedSizeMismatch { .. }
    ));
}

/// A message that a decompressor looks into: damaged somewhere, or with fields of its own.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600),
        (any::<u8>(), 0..400_000_usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    let damaged = (0..4_usize, payload, damage).prop_map(|(id, payload, damage)| {
        let mut wire = compressed(ALL[id], &payload);
        let from = 16;
        for (at, byte) in damage {
            let at = from + at.index(wire.len() - from);
            wire[at] = byte;
        }
        wire
    });
    let made_up = (
        prop_oneof![Just(op_code::OP_MSG), any::<i32>()],
        prop_oneof![any::<i32>(), 0..500_000],
        0..5_u8,
        prop::collection::vec(any::<u8>(), 0..200),
    )
        .prop_map(|(inner, size, id, data)| wrapped(inner, size, id, &data));
    prop_oneof![
        3 => damaged,
        2 => made_up,
        1 => prop::collection::vec(any::<u8>(), 0..100),
    ]
}

fn cases() -> u32 {
    match std::env::var("CI").as_deref() {
        Ok("true") => 100_000,
        _ => 3_000,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn whatever_arrives_stays_within_the_limit(wire in plausible()) {
        let limit = 300_000;
        let mut decompressor = Decompressor::new();
        let mut out = vec![];
        let mut result = Ok(CompressorId::Noop);
        let measured = allocation_counter::measure(|| {
            result = decompressor.decompress(&wire, limit, &mut out);
        });
        prop_assert!(out.capacity() <= limit, "{}", out.capacity());
        // While a buffer grows, there are two of it.
        prop_assert!(measured.bytes_max <= 2 * limit as u64 + DECODER_STATE, "{measured:?}");
        match result {
            Ok(_) => {
                let header = Header::parse(&out).unwrap();
                prop_assert_eq!(usize::try_from(header.message_length), Ok(out.len()));
                prop_assert_ne!(header.op_code, op_code::OP_COMPRESSED);
                prop_assert!(op_compressed::is_compressed(&wire));
            }
            Err(_) => prop_assert!(out.is_empty()),
        }
    }
}
