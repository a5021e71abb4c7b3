use super::ProxyOptions;
use crate::error::{Error, Phase};
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

#[cfg(test)]
mod tests;

/// The version of the protocol, and that of the exchange of user and password in it.
const VERSION: u8 = 5;
const PASSWORD_VERSION: u8 = 1;

/// Ways to say who one is (RFC 1928, section 3).
mod method {
    pub(super) const NONE: u8 = 0;
    pub(super) const PASSWORD: u8 = 2;
    pub(super) const NOT_ACCEPTABLE: u8 = 0xff;
}

/// What may stand for a host (RFC 1928, section 5).
mod address_type {
    pub(super) const IPV4: u8 = 1;
    pub(super) const NAME: u8 = 3;
    pub(super) const IPV6: u8 = 4;
}

const CONNECT: u8 = 1;

/// What a proxy is asked in order to reach a target. Every length has been checked before there is a
/// socket.
pub(crate) struct Tunnel {
    /// The message with user and password, if they are known.
    password: Option<Vec<u8>>,
    request: Vec<u8>,
}

impl Tunnel {
    /// A request for `host`, which the proxy resolves unless it is an IP address.
    ///
    /// # Errors
    /// A host, user or password that does not fit the protocol: they have 1 to 255 bytes.
    pub(crate) fn to(host: &str, port: u16, proxy: &ProxyOptions) -> Result<Self, Error> {
        let password = proxy.credentials.as_ref().map(|(user, password)| {
            let mut message = vec![PASSWORD_VERSION];
            append_text(&mut message, "proxyUsername", user)?;
            append_text(&mut message, "proxyPassword", password.reveal())?;
            Ok(message)
        });
        let mut request = vec![VERSION, CONNECT, 0];
        match host.parse() {
            Ok(IpAddr::V4(literal)) => {
                request.push(address_type::IPV4);
                request.extend(literal.octets());
            }
            Ok(IpAddr::V6(literal)) => {
                request.push(address_type::IPV6);
                request.extend(literal.octets());
            }
            Err(_) => {
                request.push(address_type::NAME);
                append_text(&mut request, "The host's name", host)?;
            }
        }
        request.extend(port.to_be_bytes());
        Ok(Self {
            password: password.transpose()?,
            request,
        })
    }

    /// Has the proxy connect `stream` to the target. Reads to the end of the proxy's answer and not
    /// further: what follows is the target's.
    pub(crate) async fn open<S>(&self, stream: &mut S) -> Result<(), ProxyFailure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let methods: &[u8] = match self.password {
            None => &[VERSION, 1, method::NONE],
            Some(_) => &[VERSION, 2, method::NONE, method::PASSWORD],
        };
        stream.write_all(methods).await?;
        let [version, chosen] = read(stream).await?;
        check_version(version)?;
        match (chosen, &self.password) {
            (method::NONE, _) => {}
            (method::PASSWORD, Some(password)) => {
                stream.write_all(password).await?;
                // Proxies exist that repeat the outer version here; the status is what counts.
                let [_version, status] = read(stream).await?;
                if status != 0 {
                    return Err(ProxyFailure::WrongPassword);
                }
            }
            (method::NOT_ACCEPTABLE | method::PASSWORD, None) => {
                return Err(ProxyFailure::WantsPassword);
            }
            (method::NOT_ACCEPTABLE, Some(_)) => return Err(ProxyFailure::NoMethod),
            (other, _) => return Err(ProxyFailure::Method(other)),
        }
        stream.write_all(&self.request).await?;
        // A refusal need not be followed by the rest of the answer.
        let [version, reply] = read(stream).await?;
        check_version(version)?;
        if let Some(refusal) = refusal(reply) {
            return Err(refusal);
        }
        skip_bound_address(stream).await
    }
}

/// Appends a text behind its length, which is one byte.
fn append_text(message: &mut Vec<u8>, what: &str, text: &str) -> Result<(), Error> {
    match u8::try_from(text.len()) {
        Ok(length @ 1..) => {
            message.push(length);
            message.extend(text.as_bytes());
            Ok(())
        }
        _ => Err(Error::configuration(
            Phase::Tcp,
            format!(
                "{what} must have 1 to 255 bytes for a SOCKS5 proxy, has {}",
                text.len()
            ),
        )),
    }
}

/// What the proxy's own end of the connection is called: of no use here.
async fn skip_bound_address<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(), ProxyFailure> {
    const PORT: usize = 2;
    let [_reserved, kind] = read(stream).await?;
    let length = match kind {
        address_type::IPV4 => 4,
        address_type::IPV6 => 16,
        address_type::NAME => {
            let [length] = read(stream).await?;
            usize::from(length)
        }
        other => return Err(ProxyFailure::AddressType(other)),
    };
    let mut rest = [0; u8::MAX as usize + PORT];
    stream.read_exact(&mut rest[..length + PORT]).await?;
    Ok(())
}

async fn read<const LENGTH: usize>(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn check_version(version: u8) -> Result<(), ProxyFailure> {
    match version {
        VERSION => Ok(()),
        other => Err(ProxyFailure::Version(other)),
    }
}

/// What an answer other than success says (RFC 1928, section 6).
fn refusal(reply: u8) -> Option<ProxyFailure> {
    Some(match reply {
        0 => return None,
        1 => ProxyFailure::General,
        2 => ProxyFailure::NotAllowed,
        3 => ProxyFailure::NetworkUnreachable,
        4 => ProxyFailure::HostUnreachable,
        5 => ProxyFailure::Refused,
        6 => ProxyFailure::Expired,
        7 => ProxyFailure::CommandNotSupported,
        8 => ProxyFailure::AddressTypeNotSupported,
        other => ProxyFailure::UnknownReply(other),
    })
}

/// Why a proxy did not reach the target.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyFailure {
    #[error("closed the connection during its handshake")]
    Closed,
    #[error("{0}")]
    Io(io::Error),
    #[error("does not speak SOCKS5: answers with version {0}")]
    Version(u8),
    #[error("requires a user and a password, and proxyUsername and proxyPassword are not given")]
    WantsPassword,
    #[error("accepts neither a user and a password nor none")]
    NoMethod,
    #[error("chooses authentication method {0}, which was not offered")]
    Method(u8),
    #[error("does not accept proxyUsername and proxyPassword")]
    WrongPassword,
    #[error("general failure (reply 1)")]
    General,
    #[error("its rules do not allow the connection (reply 2)")]
    NotAllowed,
    #[error("the server's network is unreachable (reply 3)")]
    NetworkUnreachable,
    #[error("the server's host is unreachable (reply 4)")]
    HostUnreachable,
    #[error("the server refused the connection (reply 5)")]
    Refused,
    #[error("the connection's time to live expired (reply 6)")]
    Expired,
    #[error("does not support CONNECT (reply 7)")]
    CommandNotSupported,
    #[error("does not support this type of address (reply 8)")]
    AddressTypeNotSupported,
    #[error("unknown failure (reply {0})")]
    UnknownReply(u8),
    #[error("answers with address type {0}, which SOCKS5 does not know")]
    AddressType(u8),
}

impl From<io::Error> for ProxyFailure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}
