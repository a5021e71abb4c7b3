//! AWS Signature Version 4 of the one request that MONGODB-AWS signs.

use crate::auth::hex::hex;
use crate::auth::supplier::AwsCredentials;
use ring::{digest, hmac};
use std::time::{Duration, SystemTime};

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// What is signed, beside the credentials.
pub(super) struct Request<'a> {
    /// The STS host.
    pub(super) host: &'a str,
    pub(super) region: &'a str,
    /// In base64.
    pub(super) server_nonce: &'a str,
    /// `X-Amz-Date`.
    pub(super) date: &'a str,
}

/// The `Authorization` header of `request`.
pub(super) fn authorization(credentials: &AwsCredentials, request: &Request<'_>) -> String {
    let Request {
        host,
        region,
        server_nonce,
        date,
    } = request;
    let length = BODY.len().to_string();
    let token = credentials.session_token.as_ref();
    // In the order of the names, as signing demands.
    let headers = [
        ("content-length", Some(length.as_str())),
        ("content-type", Some("application/x-www-form-urlencoded")),
        ("host", Some(host)),
        ("x-amz-date", Some(date)),
        ("x-amz-security-token", token.map(|token| token.reveal())),
        ("x-mongodb-gs2-cb-flag", Some("n")),
        ("x-mongodb-server-nonce", Some(server_nonce)),
    ];
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let (names, lines): (Vec<_>, String) = headers
        .map(|(name, value)| (name, format!("{name}:{value}\n")))
        .unzip();
    let names = names.join(";");
    let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256(BODY));

    let scope = format!("{}/{region}/sts/aws4_request", day(date));
    let key = signing_key(credentials, day(date), region, "sts");
    let signature = sign(&key, date, &scope, &canonical);
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        credentials.access_key_id
    )
}

fn day(date: &str) -> &str {
    date.split_once('T').map_or(date, |(day, _)| day)
}

fn signing_key(credentials: &AwsCredentials, day: &str, region: &str, service: &str) -> hmac::Key {
    let secret = format!("AWS4{}", credentials.secret_access_key.reveal());
    let parts = [day, region, service, "aws4_request"];
    let initial = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    parts.into_iter().fold(initial, |key, part| {
        let next = hmac::sign(&key, part.as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, next.as_ref())
    })
}

fn sign(key: &hmac::Key, date: &str, scope: &str, canonical_request: &str) -> String {
    let request = sha256(canonical_request);
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{request}");
    hex(hmac::sign(key, text.as_bytes()).as_ref())
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// `X-Amz-Date` of a moment: `20151230T235959Z`.
pub(super) fn date(now: SystemTime) -> String {
    // A clock before 1970 is refused by the server as any wrong clock is.
    let seconds = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs();
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let (year, month, day) = civil(day);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a number of days after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day last; eras of 400 years are alike. 719,468 days
    // lie between 0000-03-01 and 1970-01-01.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn example(secret: &str, token: Option<&str>) -> AwsCredentials {
        AwsCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: token.map(Secret::new),
        }
    }

    /// The worked example of AWS's documentation of Signature Version 4.
    #[test]
    fn the_documented_example() {
        let credentials = example("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
        let canonical = format!(
            "GET\n/\nAction=ListUsers&Version=2010-05-08\n\
             content-type:application/x-www-form-urlencoded; charset=utf-8\n\
             host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n\
             content-type;host;x-amz-date\n{}",
            sha256("")
        );
        assert_eq!(
            sha256(&canonical),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
        );
        let key = signing_key(&credentials, "20150830", "us-east-1", "iam");
        let scope = "20150830/us-east-1/iam/aws4_request";
        assert_eq!(
            sign(&key, "20150830T123600Z", scope, &canonical),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    /// Signatures that AWS's own rules give for this request, with and without a session token.
    #[test]
    fn the_request_of_the_specification() {
        let request = Request {
            host: "sts.amazonaws.com",
            region: "us-east-1",
            server_nonce: "fakenonce",
            date: "20251215T123456Z",
        };
        let permanent = example("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
        assert_eq!(
            authorization(&permanent, &request),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20251215/us-east-1/sts/aws4_request, \
             SignedHeaders=content-length;content-type;host;x-amz-date;x-mongodb-gs2-cb-flag;\
             x-mongodb-server-nonce, \
             Signature=48a66f9fc76829002a7a7ac5b92e4089395d9b88ea7d417ab146949b90eeab08"
        );
        let temporary = example(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYexamplekey",
            Some("AQoDYXdzEJ"),
        );
        assert_eq!(
            authorization(&temporary, &request),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20251215/us-east-1/sts/aws4_request, \
             SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token;\
             x-mongodb-gs2-cb-flag;x-mongodb-server-nonce, \
             Signature=bbcb06e2feb8651dced329789743ba283f92ef1302d34a7398cb1d35808a1a66"
        );
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (1_735_689_599, "20241231T235959Z"),
            (1_765_802_096, "20251215T123456Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(date(moment), expected);
        }
    }
}
