//! The catalogue in English.

use super::{ErrorCode, Words};

const fn say(title: &'static str, next_step: &'static str) -> Words {
    Words { title, next_step }
}

#[allow(clippy::too_many_lines, reason = "a table: one row for each code")]
pub(super) const fn words(code: ErrorCode) -> Words {
    use ErrorCode as E;
    match code {
        E::RequestMalformed => say(
            "The request is not well-formed HTTP.",
            "Correct what the detail names and send the request again.",
        ),
        E::RequestHostInvalid => say(
            "The request names no host, or more than one.",
            "Send exactly one Host field with the platform's public name.",
        ),
        E::RequestForwardedInvalid => say(
            "A proxy before the platform says unclearly how the call came.",
            "The platform's operator has to see that its proxies send one well-formed Forwarded.",
        ),
        E::RequestPathNotNormal => say(
            "The path has more than one reading.",
            "Send the path without dot segments, doubled slashes, backslashes or encoded slashes.",
        ),
        E::RequestTrailers => say(
            "The request carries trailer fields.",
            "Send Content-Digest as a header field and leave trailers out.",
        ),
        E::RequestTimeout => say(
            "The request did not arrive in time.",
            "Send it again; if it happens often, look at the network between you and the platform.",
        ),
        E::RequestTooLarge => say(
            "The body is larger than this service accepts.",
            "Send less at once, or ask the provider for a larger limit.",
        ),
        E::RequestForeignAuthority => say(
            "The request is meant for another host.",
            "Use the platform's address as it stands in its directory.",
        ),
        E::RequestHeadTooLarge => {
            say("The request's head is too large.", "Send fewer or shorter header fields.")
        }

        E::BodyMalformed => say(
            "The body is not well-formed JSON.",
            "Correct the JSON at the place the detail names and send the request again.",
        ),

        E::DigestMissing => say(
            "The request has a body but no Content-Digest.",
            "Add Content-Digest (RFC 9530) with sha-256 or sha-512 and cover it by the signature.",
        ),
        E::DigestMalformed => {
            say("Content-Digest cannot be read.", "Write it as RFC 9530 says: sha-256=:base64:.")
        }
        E::DigestUnsupported => say(
            "Content-Digest uses no algorithm that is accepted here.",
            "Use sha-256 or sha-512.",
        ),
        E::DigestMismatch => say(
            "The body differs from its Content-Digest.",
            "Compute the digest over the bytes exactly as sent, after any content coding; \
             if they were right, something on the way changed them.",
        ),

        E::SignatureMissing => say(
            "The request carries no signature with the tag lgsp.",
            "Sign the request by RFC 9421 with the parameter tag=\"lgsp\".",
        ),
        E::SignatureMalformed => say(
            "The signature fields cannot be read.",
            "Write Signature-Input and Signature as RFC 9421 says; the detail names what is wrong.",
        ),
        E::SignatureAmbiguous => say(
            "More than one signature has the tag lgsp.",
            "Leave only one signature with the tag lgsp.",
        ),
        E::SignatureComponentMissing => say(
            "The signature does not cover all it must.",
            "Cover the component that the detail names.",
        ),
        E::SignatureParameterMissing => say(
            "The signature lacks a parameter.",
            "Send created, expires, nonce, keyid and tag; the detail names the missing one.",
        ),
        E::SignatureTooLongLived => say(
            "The signature is valid for too long.",
            "Set expires to at most 300 seconds after created.",
        ),
        E::SignatureExpired => say(
            "The signature has expired.",
            "Sign the request again and send it; check your clock if this repeats.",
        ),
        E::SignatureFromTheFuture => say(
            "The signature was made in the future.",
            "Set your system's clock; more than 30 seconds ahead is refused.",
        ),
        E::SignatureAlgorithmMismatch => say(
            "The parameter alg does not match the key.",
            "Leave alg out, or name the algorithm the key was registered with.",
        ),
        E::SignatureInvalid => say(
            "The signature does not match the request.",
            "Check the key and that nothing changes the request after it is signed.",
        ),
        E::KeyUnknown => say(
            "The key is not known.",
            "Check keyid; register the key with the platform if it is new.",
        ),
        E::KeyRevoked => say(
            "The key has been revoked.",
            "Use another key of your system, or register a new one.",
        ),
        E::KeyNotValid => say(
            "The key is not valid at this time.",
            "Use a key whose period of validity has begun and not ended.",
        ),
        E::NonceReplayed => say(
            "This signature has been used before.",
            "Sign the request anew with a new nonce and send it.",
        ),
        E::NonceStoreFull => say(
            "This key has too many signatures in use at once.",
            "Wait, and give signatures a shorter life.",
        ),

        E::SystemNetworkNotAllowed => say(
            "The calling system may not call from this address.",
            "Call from a network that is registered for the system, or have this one added.",
        ),
        E::AliasEnded => say(
            "The service was called by a former name that is no more understood.",
            "Call it by the name that the detail gives; everything else stays as it is.",
        ),
        E::ServiceRetired => say(
            "The service is provided no more.",
            "Request a connection to the successor that Link names, if there is one.",
        ),
        E::ConnectionNone => say(
            "There is no connection by which this system may make this call.",
            "Check the address; if it is right, request a connection to the service.",
        ),
        E::ConnectionNotActive => say(
            "The connection is not active.",
            "See the connection's state and its reason, and ask the operator.",
        ),
        E::ConnectionOutOfPeriod => say(
            "The connection's period has not begun or is over.",
            "Request an extension of the connection.",
        ),
        E::ConnectionOperationNotAllowed => say(
            "The connection does not allow this operation.",
            "Call only the granted methods and paths, or request an amendment.",
        ),
        E::ConnectionConditionsUnmet => say(
            "The connection does not meet the conditions for approval.",
            "Meet those that the detail names; `conditions` of the connection lists all.",
        ),
        E::ConnectionStepNotPossible => say(
            "The connection is not in a state from which this step leads on.",
            "Read the connection again; its state names the steps that are possible.",
        ),
        E::ProfileNotAllowed => say(
            "The technical profile in force does not allow this algorithm.",
            "Sign with a credential of an algorithm that the profile allows.",
        ),
        E::ProfileAsymmetricNeeded => say(
            "This service takes asymmetric signatures only.",
            "Sign with a public-key credential; hmac-sha256 proves nothing to third parties.",
        ),
        E::ProfileCredentialRefused => say(
            "The technical profile does not allow a credential of this algorithm.",
            "Register one of an algorithm that the detail names.",
        ),
        E::ProfileTableInvalid => say(
            "The table of the technical profile contradicts itself.",
            "Mend the rows that the detail names and preview again.",
        ),
        E::ProfilePreviewNeeded => say(
            "A technical profile is published only after a preview.",
            "Preview what is to be published and send the digest of that as `preview`.",
        ),
        E::ProfilePreviewChanged => say(
            "What this would break is not what was previewed.",
            "Preview again, look at what breaks now, and publish with the new digest.",
        ),
        E::ServiceNoSandbox => say(
            "The service has no sandbox.",
            "Ask its provider for one; real data needs a production credential.",
        ),
        E::PurposeNeeded => say(
            "Several purposes are possible and the request names none.",
            "Send the purpose in Lgsp-Purpose and cover it by the signature.",
        ),
        E::PurposeNotAllowed => say(
            "No connection is granted for this purpose.",
            "Use a purpose that a connection of yours is granted for.",
        ),
        E::QuotaExceeded => say(
            "The connection's quota is used up.",
            "Call again after the time in Retry-After, or ask for a larger quota.",
        ),

        E::ProviderUnreachable => say(
            "The provider's system cannot be reached.",
            "The request did not reach it: send it again later; tell the provider if it lasts.",
        ),
        E::ProviderBrokeOff => say(
            "The provider's system broke off before its answer was complete.",
            "It may have acted on the request: check that before sending again.",
        ),
        E::ProviderAnswerMalformed => say(
            "The provider's answer is not well-formed.",
            "Tell the provider, with the request id.",
        ),
        E::ProviderAnswerUnsigned => say(
            "The provider's answer is not signed as the service's terms demand.",
            "Tell the provider, with the request id; it may have acted on the request.",
        ),
        E::ProviderAnswerSignatureInvalid => say(
            "The provider's signature over its answer does not verify.",
            "Tell the provider, with the request id; it may have acted on the request.",
        ),
        E::ProviderAddressForbidden => say(
            "The provider's registered address may not be called.",
            "The provider has to register an address that the platform may reach.",
        ),
        E::ProviderCertificateUntrusted => say(
            "The certificate of the provider's system is not trusted.",
            "The provider has to show a certificate, with its chain, from an authority that the \
             platform trusts; the operator can add one (gateway.upstream_ca).",
        ),
        E::ProviderCertificateOutOfDate => say(
            "The certificate of the provider's system is expired or not valid yet.",
            "The provider has to renew its certificate and see that its clock is right.",
        ),
        E::ProviderCertificateWrongName => say(
            "The certificate of the provider's system is for another name.",
            "The provider has to show a certificate for the host of its registered address, or \
             register the host that its certificate names.",
        ),
        E::ProviderTlsFailed => say(
            "No TLS session with the provider's system came about.",
            "The provider has to check that its port speaks TLS 1.2 or 1.3.",
        ),
        E::ProviderTimeout => say(
            "The provider did not answer in time.",
            "It may have acted on the request: check that before sending again.",
        ),

        E::LogUnavailable => say(
            "The evidence log cannot record at the moment.",
            "Nothing is answered without a record. Send the request again later; \
             if it changes data, check first whether it was carried out.",
        ),
        E::DatabaseUnavailable => say(
            "The registry's database cannot be reached.",
            "Try again later; if it stays so, tell the operator.",
        ),
        E::PlatformOverloaded => say(
            "The platform has more to do than it can.",
            "Send the request again after the time in Retry-After.",
        ),
        E::PlatformNoDirectory => say(
            "This node has not received the directory yet.",
            "Send the request again after the time in Retry-After.",
        ),
        E::PlatformNonceOwnerUnreachable => say(
            "The node that decides whether this signature has served gives no answer.",
            "Sign the request anew and send it again; if it stays so, tell the operator.",
        ),
        E::PlatformInternal => {
            say("The platform failed.", "Tell the operator, with the request id.")
        }

        E::TokenMissing => {
            say("The request carries no access token.", "Send the token as Authorization: Bearer.")
        }
        E::TokenInvalid => say(
            "The access token is unknown, expired or revoked.",
            "Use a valid token, or ask the operator for a new one.",
        ),
        E::RoleNotPermitted => say(
            "Your role does not permit this.",
            "Ask someone with the role that the detail names.",
        ),
        E::DutiesNotSeparated => say(
            "Whoever requests a connection may not decide on it.",
            "Someone else with the same role has to take this step.",
        ),
        E::ResourceNotFound => {
            say("There is nothing at this address.", "Check the address and the identifier.")
        }
        E::ResourceExists => {
            say("It exists already.", "Use the existing one, or choose another identifier.")
        }
        E::ResourceConflict => say(
            "This does not fit what is there.",
            "Read the current state again; the detail names what is in the way.",
        ),
        E::ResourceClosed => say(
            "This is closed, and nothing about it changes any more.",
            "Read it: if it has a successor, turn to that one.",
        ),
        E::ResourceInUse => say(
            "Others still depend on this.",
            "End, move or close what the detail names, then ask again.",
        ),
        E::ResourceChanged => say(
            "Somebody else changed this after you read it.",
            "Read it again, look at what changed, and send your change with the new tag.",
        ),
        E::ResourceTagNeeded => say(
            "This can only be decided by somebody who says what they have seen.",
            "Read it, and send its tag (ETag) back as If-Match.",
        ),
        E::IdempotencyDoneAlready => say(
            "A request with this idempotency key was carried out before.",
            "Nothing was done again. Read what it was about; its answer is not kept any more.",
        ),
        E::IdempotencyKeyReused => say(
            "This idempotency key belongs to another request.",
            "Use a new key for each new request; repeat a request with exactly the same content.",
        ),
        E::MethodNotAllowed => {
            say("The method is not possible here.", "Use one of the methods named in Allow.")
        }
        E::MediaTypeUnsupported => say(
            "The body's media type is not understood here.",
            "Send application/json with that Content-Type.",
        ),
        E::FieldInvalid => say(
            "A field has a value that is not possible.",
            "Correct the field that the detail names.",
        ),
        E::FieldUnknown => say(
            "A field is not known here.",
            "Remove the field that the detail names, or correct its spelling.",
        ),
        E::ServiceDescriptionInvalid => say(
            "The description of the service is not taken.",
            "Correct the lines that the detail names and upload the document again.",
        ),

        E::EvidenceNotFound => say(
            "There is no such record in the log.",
            "Check the request id or the entry's number.",
        ),
        E::EvidencePending => {
            say("The record is not under a published checkpoint yet.", "Ask again in a second.")
        }
    }
}
