//! OP_COMPRESSED: negotiated, answered as it was asked, counted, and wrong when that is asked for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use bson::{Bson, Document, bson, doc};
use client::{Client, hello, start};
use ferropool_stub::{Options, Stub, StubHandle};
use ferropool_wire::{
    Compressor, CompressorId, DEFAULT_MAX_MESSAGE_SIZE, Decompressor, OpMsg, WireError,
    is_compressed, op_msg, op_query,
};

const COMPRESSORS: [CompressorId; 3] =
    [CompressorId::Snappy, CompressorId::Zlib, CompressorId::Zstd];

async fn send_compressed(client: &mut Client, id: CompressorId, command: Document) {
    let mut message = vec![];
    let start = op_msg::begin(&mut message, 5, 0);
    op_msg::push_body(&mut message, &command.to_vec().unwrap());
    op_msg::finish(&mut message, start).unwrap();
    send_message(client, id, &message).await;
}

async fn send_message(client: &mut Client, id: CompressorId, message: &[u8]) {
    let mut compressed = vec![];
    let mut compressor = Compressor::new(id, -1);
    compressor.compress(message, &mut compressed).unwrap();
    client.send_bytes(&compressed).await;
}

/// The next message, which has to be compressed, and what it is compressed with.
async fn unwrapped(client: &mut Client) -> Result<(CompressorId, Vec<u8>), WireError> {
    let message = client.message().await.unwrap();
    assert!(is_compressed(&message));
    let mut whole = vec![];
    let mut decompressor = Decompressor::new();
    let id = decompressor.decompress(&message, DEFAULT_MAX_MESSAGE_SIZE, &mut whole)?;
    Ok((id, whole))
}

async fn reply(client: &mut Client) -> (CompressorId, Document) {
    let (id, whole) = unwrapped(client).await.unwrap();
    let reply = OpMsg::parse(&whole).unwrap();
    assert_eq!(reply.header.response_to, 5);
    (id, Document::from_reader(reply.body).unwrap())
}

async fn greeted() -> (StubHandle, Client) {
    let stub = start().await;
    let client = Client::greet(stub.address(), "a").await;
    (stub, client)
}

#[tokio::test]
async fn a_hello_is_told_what_both_sides_have() {
    let (_stub, mut client) = greeted().await;
    let mut command = hello("a");
    command.insert("compression", bson!(["zstd", "lzma", "zlib"]));
    let reply = client.run(command).await;
    assert_eq!(reply.get("compression"), Some(&bson!(["zstd", "zlib"])));
}

#[tokio::test]
async fn the_canned_server_compresses_nothing() {
    let options = Options {
        canned: true,
        ..Options::default()
    };
    let stub = Stub::start(options).await.unwrap();
    let mut client = Client::connect(stub.address()).await;
    let reply = client
        .run(doc! { "hello": 1, "compression": ["snappy"] })
        .await;
    assert!(!reply.contains_key("compression"));
}

#[tokio::test]
async fn a_reply_is_compressed_as_its_request_was() {
    let (stub, mut client) = greeted().await;
    for id in COMPRESSORS {
        let text = "Ada ".repeat(1000);
        let command = doc! { "echo": &text, "$db": "test" };
        send_compressed(&mut client, id, command).await;
        let (used, document) = reply(&mut client).await;
        assert_eq!(used, id);
        assert_eq!(document.get_str("echo").unwrap(), text);
        client.run(doc! { "ping": 1 }).await;
    }
    let status = stub.status();
    for counts in [&status.compressed_in, &status.compressed_out] {
        let counts: Vec<_> = counts
            .iter()
            .map(|(name, count)| (&name[..], *count))
            .collect();
        assert_eq!(counts, [("snappy", 1), ("zlib", 1), ("zstd", 1)]);
    }
    assert_eq!(status.compressed_commands_by_name["echo"], 3);
    assert!(!status.compressed_commands_by_name.contains_key("ping"));
    // What is counted is what was on the wire: three times 4 KB were not.
    assert!(status.bytes_in < 4000, "{}", status.bytes_in);
    let document = status.to_document();
    let counts = document.get_document("compressedIn").unwrap();
    assert_eq!(counts.get("zstd"), Some(&Bson::Int32(1)));
}

#[tokio::test]
async fn a_legacy_hello_is_unwrapped_too() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let mut message = vec![];
    let command = doc! { "ismaster": 1 }.to_vec().unwrap();
    op_query::write_command(&mut message, 5, 0, "admin", &command).unwrap();
    send_message(&mut client, CompressorId::Zlib, &message).await;
    let (id, whole) = unwrapped(&mut client).await.unwrap();
    assert_eq!(id, CompressorId::Zlib);
    let reply = ferropool_wire::op_reply::OpReply::parse(&whole).unwrap();
    assert_eq!(reply.header.response_to, 5);
}

#[tokio::test]
async fn replies_are_compressed_as_is_scripted() {
    let (stub, mut client) = greeted().await;
    stub.control(&doc! { "compressReplies": "zlib" }).unwrap();
    for _ in 0..5 {
        client.send(doc! { "ping": 1 }).await;
    }
    // The hello was the first request, so that the fourth ping has the id 5.
    for _ in 0..3 {
        unwrapped(&mut client).await.unwrap();
    }
    assert_eq!(reply(&mut client).await.0, CompressorId::Zlib);
    unwrapped(&mut client).await.unwrap();

    stub.control(&doc! { "compressReplies": "never" }).unwrap();
    let ping = doc! { "ping": 1, "$db": "test" };
    send_compressed(&mut client, CompressorId::Zstd, ping.clone()).await;
    assert_eq!(client.reply().await.unwrap().response_to, 5);

    let forget = doc! { "compressReplies": Bson::Null };
    stub.control(&forget).unwrap();
    send_compressed(&mut client, CompressorId::Zstd, ping).await;
    assert_eq!(reply(&mut client).await.0, CompressorId::Zstd);
}

#[tokio::test]
async fn compressed_replies_are_spoiled() {
    for id in COMPRESSORS {
        for mode in [
            "compressedHugeSize",
            "compressedUnkeptSize",
            "compressedSizeAbove",
            "compressedSizeBelow",
            "compressedNegativeSize",
            "compressedUnknownId",
            "compressedNested",
            "compressedGarbage",
            "compressedTruncated",
        ] {
            let (stub, mut client) = greeted().await;
            stub.control(&doc! { "replyMode": mode }).unwrap();
            let ping = doc! { "ping": 1, "$db": "test" };
            send_compressed(&mut client, id, ping.clone()).await;
            let error = unwrapped(&mut client).await.unwrap_err();
            let is_meant = match mode {
                "compressedHugeSize" => matches!(error, WireError::MessageTooLong { .. }),
                "compressedNegativeSize" => {
                    matches!(error, WireError::NegativeUncompressedSize { .. })
                }
                "compressedUnknownId" => error == WireError::UnknownCompressor { id: 200 },
                "compressedNested" => error == WireError::NestedCompression,
                _ => matches!(
                    error,
                    WireError::UncompressedSizeMismatch { .. }
                        | WireError::InvalidCompressedData { .. }
                ),
            };
            assert!(is_meant, "{id}, {mode}: {error}");
            // Once only.
            send_compressed(&mut client, id, ping).await;
            reply(&mut client).await;
        }
    }
}

#[tokio::test]
async fn a_spoiled_reply_comes_even_to_who_does_not_compress() {
    let (stub, mut client) = greeted().await;
    let control = doc! { "replyMode": "compressedUnknownId" };
    stub.control(&control).unwrap();
    client.send(doc! { "ping": 1 }).await;
    let error = unwrapped(&mut client).await.unwrap_err();
    assert_eq!(error, WireError::UnknownCompressor { id: 200 });
}

#[tokio::test]
async fn what_cannot_be_unwrapped_ends_the_connection() {
    let (_stub, mut client) = greeted().await;
    let mut message = vec![];
    op_query::write_command(&mut message, 5, 0, "admin", &doc! {}.to_vec().unwrap()).unwrap();
    let mut compressed = vec![];
    let mut compressor = Compressor::new(CompressorId::Zlib, -1);
    compressor.compress(&message, &mut compressed).unwrap();
    compressed[24] = 77;
    client.send_bytes(&compressed).await;
    client.end().await.unwrap();
}
