//! The catalogue in Vietnamese.

use super::{ErrorCode, Words};

const fn say(title: &'static str, next_step: &'static str) -> Words {
    Words { title, next_step }
}

#[allow(clippy::too_many_lines, reason = "a table: one row for each code")]
pub(super) const fn words(code: ErrorCode) -> Words {
    use ErrorCode as E;
    match code {
        E::RequestMalformed => say(
            "Yêu cầu không đúng định dạng HTTP.",
            "Đề nghị sửa phần được nêu trong chi tiết rồi gửi lại.",
        ),
        E::RequestHostInvalid => say(
            "Yêu cầu không có trường Host hoặc có nhiều hơn một trường Host.",
            "Đề nghị gửi đúng một trường Host với tên công khai của nền tảng.",
        ),
        E::RequestForwardedInvalid => say(
            "Máy chủ trung gian phía trước nền tảng khai báo không rõ yêu cầu đã đến bằng cách nào.",
            "Đơn vị vận hành nền tảng cần cấu hình máy chủ trung gian gửi đúng một trường Forwarded hợp lệ.",
        ),
        E::RequestPathNotNormal => say(
            "Đường dẫn có thể hiểu theo nhiều cách.",
            "Đề nghị gửi đường dẫn không chứa đoạn «.» hoặc «..», dấu gạch chéo kép, dấu gạch chéo \
             ngược hoặc dấu gạch chéo mã hóa.",
        ),
        E::RequestTrailers => say(
            "Yêu cầu có trường nằm sau phần thân (trailer).",
            "Đề nghị đặt Content-Digest ở phần đầu và không gửi trailer.",
        ),
        E::RequestTimeout => say(
            "Yêu cầu không đến đủ trong thời hạn.",
            "Đề nghị gửi lại; nếu xảy ra thường xuyên, kiểm tra đường truyền đến nền tảng.",
        ),
        E::RequestTooLarge => say(
            "Nội dung gửi lớn hơn mức dịch vụ này tiếp nhận.",
            "Đề nghị chia nhỏ nội dung, hoặc đề nghị bên cung cấp nâng giới hạn.",
        ),
        E::RequestForeignAuthority => say(
            "Yêu cầu được gửi cho một máy chủ khác.",
            "Đề nghị dùng đúng địa chỉ của nền tảng đã được công bố.",
        ),
        E::RequestHeadTooLarge => say(
            "Phần đầu của yêu cầu quá lớn.",
            "Đề nghị giảm số lượng hoặc độ dài các trường ở phần đầu.",
        ),

        E::BodyMalformed => say(
            "Phần thân không phải JSON hợp lệ.",
            "Đề nghị sửa cú pháp JSON ở chỗ nêu trong chi tiết rồi gửi lại.",
        ),

        E::DigestMissing => say(
            "Yêu cầu có nội dung nhưng thiếu Content-Digest.",
            "Đề nghị bổ sung Content-Digest (RFC 9530) bằng sha-256 hoặc sha-512 và đưa vào phạm vi \
             chữ ký.",
        ),
        E::DigestMalformed => {
            say("Không đọc được Content-Digest.", "Đề nghị viết theo RFC 9530: sha-256=:base64:.")
        }
        E::DigestUnsupported => say(
            "Content-Digest không dùng thuật toán nào được chấp nhận.",
            "Đề nghị dùng sha-256 hoặc sha-512.",
        ),
        E::DigestMismatch => say(
            "Nội dung không khớp với Content-Digest.",
            "Đề nghị tính giá trị băm trên đúng các byte được gửi đi, sau khi nén nếu có; nếu đã \
             đúng thì nội dung đã bị thay đổi trên đường truyền.",
        ),

        E::SignatureMissing => say(
            "Yêu cầu không có chữ ký mang nhãn lgsp.",
            "Đề nghị ký yêu cầu theo RFC 9421 với tham số tag=\"lgsp\".",
        ),
        E::SignatureMalformed => say(
            "Không đọc được các trường chữ ký.",
            "Đề nghị viết Signature-Input và Signature theo RFC 9421; chi tiết nêu rõ chỗ sai.",
        ),
        E::SignatureAmbiguous => say(
            "Có nhiều hơn một chữ ký mang nhãn lgsp.",
            "Đề nghị chỉ giữ lại một chữ ký mang nhãn lgsp.",
        ),
        E::SignatureComponentMissing => say(
            "Chữ ký không bao gồm đủ các thành phần bắt buộc.",
            "Đề nghị đưa thành phần được nêu trong chi tiết vào phạm vi chữ ký.",
        ),
        E::SignatureParameterMissing => say(
            "Chữ ký thiếu tham số.",
            "Đề nghị gửi đủ created, expires, nonce, keyid và tag; chi tiết nêu tham số còn thiếu.",
        ),
        E::SignatureTooLongLived => say(
            "Thời hạn của chữ ký quá dài.",
            "Đề nghị đặt expires không quá 300 giây sau created.",
        ),
        E::SignatureExpired => say(
            "Chữ ký đã hết hạn.",
            "Đề nghị ký lại rồi gửi; nếu lặp lại, kiểm tra đồng hồ của hệ thống.",
        ),
        E::SignatureFromTheFuture => say(
            "Thời điểm ký nằm ở tương lai.",
            "Đề nghị chỉnh đồng hồ của hệ thống; lệch trước quá 30 giây sẽ bị từ chối.",
        ),
        E::SignatureAlgorithmMismatch => say(
            "Tham số alg không phù hợp với khóa.",
            "Đề nghị bỏ alg hoặc ghi đúng thuật toán đã đăng ký cho khóa.",
        ),
        E::SignatureInvalid => say(
            "Chữ ký không khớp với yêu cầu.",
            "Đề nghị kiểm tra khóa và bảo đảm yêu cầu không bị thay đổi sau khi ký.",
        ),
        E::KeyUnknown => say(
            "Khóa chưa được đăng ký.",
            "Đề nghị kiểm tra keyid; nếu là khóa mới, đăng ký khóa với nền tảng.",
        ),
        E::KeyRevoked => {
            say("Khóa đã bị thu hồi.", "Đề nghị dùng khóa khác của hệ thống hoặc đăng ký khóa mới.")
        }
        E::KeyNotValid => say(
            "Khóa không có hiệu lực tại thời điểm này.",
            "Đề nghị dùng khóa đang trong thời hạn hiệu lực.",
        ),
        E::NonceReplayed => {
            say("Chữ ký này đã được sử dụng.", "Đề nghị ký lại với nonce mới rồi gửi.")
        }
        E::NonceStoreFull => say(
            "Khóa này có quá nhiều chữ ký đang còn hạn cùng lúc.",
            "Đề nghị chờ và rút ngắn thời hạn của chữ ký.",
        ),

        E::SystemNetworkNotAllowed => say(
            "Hệ thống gọi không được phép gọi từ địa chỉ mạng này.",
            "Đề nghị gọi từ dải mạng đã đăng ký của hệ thống hoặc đăng ký bổ sung dải mạng này.",
        ),
        E::AliasEnded => say(
            "Dịch vụ được gọi bằng mã cũ đã hết thời gian chuyển tiếp.",
            "Đề nghị gọi bằng mã mới nêu trong chi tiết; các nội dung khác giữ nguyên.",
        ),
        E::ServiceRetired => say(
            "Dịch vụ đã ngừng cung cấp.",
            "Đề nghị kết nối tới dịch vụ thay thế nêu trong Link, nếu có.",
        ),
        E::ConnectionNone => say(
            "Không có kết nối nào cho phép hệ thống này thực hiện yêu cầu.",
            "Đề nghị kiểm tra địa chỉ; nếu đúng, gửi đề nghị kết nối đến dịch vụ.",
        ),
        E::ConnectionNotActive => say(
            "Kết nối không ở trạng thái hoạt động.",
            "Đề nghị xem trạng thái và lý do của kết nối, liên hệ đơn vị vận hành.",
        ),
        E::ConnectionOutOfPeriod => say(
            "Kết nối chưa đến thời hạn hoặc đã hết thời hạn sử dụng.",
            "Đề nghị làm thủ tục gia hạn kết nối.",
        ),
        E::ConnectionOperationNotAllowed => say(
            "Kết nối không cho phép thao tác này.",
            "Đề nghị chỉ gọi các phương thức và đường dẫn đã được cấp, hoặc đề nghị điều chỉnh kết nối.",
        ),
        E::ConnectionConditionsUnmet => say(
            "Kết nối chưa đáp ứng đủ điều kiện để phê duyệt.",
            "Đề nghị hoàn thiện các điều kiện nêu trong chi tiết; danh sách điều kiện nằm ở mục conditions của kết nối.",
        ),
        E::ConnectionStepNotPossible => say(
            "Trạng thái của kết nối không cho phép thực hiện bước này.",
            "Đề nghị đọc lại kết nối; trạng thái hiện tại cho biết các bước có thể thực hiện.",
        ),
        E::ProfileNotAllowed => say(
            "Hướng dẫn kỹ thuật đang áp dụng không cho phép thuật toán này.",
            "Đề nghị ký bằng khóa có thuật toán được hướng dẫn kỹ thuật cho phép.",
        ),
        E::ProfileAsymmetricNeeded => say(
            "Dịch vụ này chỉ nhận chữ ký bất đối xứng.",
            "Đề nghị ký bằng khóa công khai; hmac-sha256 không chứng minh được với bên thứ ba.",
        ),
        E::ProfileCredentialRefused => say(
            "Hướng dẫn kỹ thuật không cho phép khóa có thuật toán này.",
            "Đề nghị đăng ký khóa có thuật toán nêu trong chi tiết.",
        ),
        E::ProfileTableInvalid => say(
            "Nội dung hướng dẫn kỹ thuật có quy định mâu thuẫn.",
            "Đề nghị sửa các dòng nêu trong chi tiết rồi xem trước lại.",
        ),
        E::ProfilePreviewNeeded => say(
            "Hướng dẫn kỹ thuật chỉ được công bố sau khi xem trước tác động.",
            "Đề nghị xem trước nội dung cần công bố và gửi giá trị băm nhận được trong «preview».",
        ),
        E::ProfilePreviewChanged => say(
            "Tác động hiện nay không còn như kết quả đã xem trước.",
            "Đề nghị xem trước lại, kiểm tra tác động hiện nay rồi công bố với giá trị băm mới.",
        ),
        E::ServiceNoSandbox => say(
            "Dịch vụ chưa có môi trường thử nghiệm.",
            "Đề nghị bên cung cấp mở môi trường thử nghiệm; dữ liệu thật cần khóa của môi trường chính thức.",
        ),
        E::PurposeNeeded => say(
            "Có nhiều mục đích sử dụng nhưng yêu cầu không nêu mục đích nào.",
            "Đề nghị ghi mục đích trong Lgsp-Purpose và đưa vào phạm vi chữ ký.",
        ),
        E::PurposeNotAllowed => say(
            "Không có kết nối nào được cấp cho mục đích này.",
            "Đề nghị dùng mục đích đã được cấp cho kết nối.",
        ),
        E::QuotaExceeded => say(
            "Đã dùng hết hạn mức của kết nối.",
            "Đề nghị gọi lại sau thời gian ghi trong Retry-After, hoặc đề nghị nâng hạn mức.",
        ),

        E::ProviderUnreachable => say(
            "Không kết nối được đến hệ thống của bên cung cấp.",
            "Yêu cầu chưa đến bên cung cấp: đề nghị gửi lại sau; nếu kéo dài, báo cho bên cung cấp.",
        ),
        E::ProviderBrokeOff => say(
            "Hệ thống của bên cung cấp ngắt kết nối khi chưa trả lời xong.",
            "Yêu cầu có thể đã được xử lý: đề nghị kiểm tra trước khi gửi lại.",
        ),
        E::ProviderAnswerMalformed => say(
            "Trả lời của bên cung cấp không đúng định dạng.",
            "Đề nghị báo cho bên cung cấp kèm mã yêu cầu.",
        ),
        E::ProviderAnswerUnsigned => say(
            "Trả lời của bên cung cấp không được ký theo điều kiện của dịch vụ.",
            "Đề nghị báo cho bên cung cấp kèm mã yêu cầu; yêu cầu có thể đã được xử lý.",
        ),
        E::ProviderAnswerSignatureInvalid => say(
            "Chữ ký của bên cung cấp trên trả lời không hợp lệ.",
            "Đề nghị báo cho bên cung cấp kèm mã yêu cầu; yêu cầu có thể đã được xử lý.",
        ),
        E::ProviderAddressForbidden => say(
            "Không được phép gọi đến địa chỉ mà bên cung cấp đã đăng ký.",
            "Bên cung cấp cần đăng ký địa chỉ mà nền tảng được phép kết nối.",
        ),
        E::ProviderCertificateUntrusted => say(
            "Chứng thư số của hệ thống bên cung cấp không được tin cậy.",
            "Bên cung cấp cần dùng chứng thư số, kèm chuỗi chứng thực, do tổ chức mà nền tảng tin cậy \
             cấp; đơn vị vận hành có thể bổ sung tổ chức chứng thực (gateway.upstream_ca).",
        ),
        E::ProviderCertificateOutOfDate => say(
            "Chứng thư số của hệ thống bên cung cấp đã hết hạn hoặc chưa có hiệu lực.",
            "Bên cung cấp cần gia hạn chứng thư số và kiểm tra đồng hồ máy chủ.",
        ),
        E::ProviderCertificateWrongName => say(
            "Chứng thư số của hệ thống bên cung cấp được cấp cho tên khác.",
            "Bên cung cấp cần dùng chứng thư số đúng với tên máy trong địa chỉ đã đăng ký, hoặc đăng ký \
             lại địa chỉ theo tên trong chứng thư số.",
        ),
        E::ProviderTlsFailed => say(
            "Không thiết lập được phiên TLS với hệ thống bên cung cấp.",
            "Bên cung cấp cần kiểm tra cổng dịch vụ có hỗ trợ TLS 1.2 hoặc 1.3 hay không.",
        ),
        E::ProviderTimeout => say(
            "Bên cung cấp không trả lời trong thời hạn.",
            "Yêu cầu có thể đã được xử lý: đề nghị kiểm tra trước khi gửi lại.",
        ),

        E::LogUnavailable => say(
            "Nhật ký bằng chứng tạm thời không ghi được.",
            "Nền tảng không trả lời khi chưa ghi nhận. Đề nghị gửi lại sau; nếu yêu cầu làm thay đổi \
             dữ liệu, kiểm tra trước xem đã được thực hiện chưa.",
        ),
        E::DatabaseUnavailable => say(
            "Không truy cập được cơ sở dữ liệu đăng ký.",
            "Đề nghị thử lại sau; nếu vẫn lỗi, báo đơn vị vận hành.",
        ),
        E::PlatformOverloaded => {
            say("Nền tảng đang quá tải.", "Đề nghị gửi lại sau thời gian ghi trong Retry-After.")
        }
        E::PlatformNoDirectory => say(
            "Máy chủ này chưa nhận được danh bạ kết nối.",
            "Đề nghị gửi lại sau thời gian ghi trong Retry-After.",
        ),
        E::PlatformNonceOwnerUnreachable => say(
            "Máy chủ quyết định chữ ký này đã được dùng hay chưa hiện không trả lời.",
            "Đề nghị ký lại rồi gửi lại yêu cầu; nếu vẫn gặp lỗi, đề nghị báo cho đơn vị vận hành.",
        ),
        E::PlatformInternal => {
            say("Nền tảng gặp lỗi.", "Đề nghị báo cho đơn vị vận hành kèm mã yêu cầu.")
        }

        E::TokenMissing => say(
            "Yêu cầu không có mã truy cập.",
            "Đề nghị gửi mã truy cập trong Authorization: Bearer.",
        ),
        E::TokenInvalid => say(
            "Mã truy cập không đúng, đã hết hạn hoặc đã bị thu hồi.",
            "Đề nghị dùng mã còn hiệu lực hoặc đề nghị đơn vị vận hành cấp mã mới.",
        ),
        E::RoleNotPermitted => say(
            "Vai trò này không có quyền thực hiện việc được yêu cầu.",
            "Đề nghị người có vai trò được nêu trong chi tiết thực hiện.",
        ),
        E::DutiesNotSeparated => say(
            "Người đề nghị kết nối không được tự quyết định kết nối đó.",
            "Cần một người khác có cùng vai trò thực hiện bước này.",
        ),
        E::ResourceNotFound => say(
            "Không tìm thấy nội dung ở địa chỉ này.",
            "Đề nghị kiểm tra địa chỉ và mã định danh.",
        ),
        E::ResourceExists => {
            say("Đối tượng đã tồn tại.", "Đề nghị dùng đối tượng đã có hoặc chọn mã khác.")
        }
        E::ResourceConflict => say(
            "Nội dung không phù hợp với hiện trạng.",
            "Đề nghị đọc lại hiện trạng; chi tiết nêu rõ điều đang vướng.",
        ),
        E::ResourceClosed => say(
            "Đối tượng này đã chấm dứt và không còn được thay đổi.",
            "Đề nghị đọc lại đối tượng; nếu có đơn vị kế thừa thì thực hiện với đơn vị đó.",
        ),
        E::ResourceInUse => say(
            "Vẫn còn đối tượng khác phụ thuộc vào đối tượng này.",
            "Đề nghị chấm dứt, chuyển hoặc đóng những đối tượng nêu trong chi tiết rồi gửi lại.",
        ),
        E::ResourceChanged => say(
            "Nội dung này đã được người khác thay đổi sau khi quý vị đọc.",
            "Đề nghị đọc lại, xem điểm thay đổi rồi gửi lại thay đổi của mình kèm thẻ mới.",
        ),
        E::ResourceTagNeeded => say(
            "Chỉ người nêu rõ nội dung mình đã xem mới được quyết định việc này.",
            "Đề nghị đọc nội dung, rồi gửi lại thẻ (ETag) của lần đọc đó trong If-Match.",
        ),
        E::IdempotencyDoneAlready => say(
            "Yêu cầu với khóa lặp này đã được thực hiện trước đó.",
            "Không có gì được thực hiện thêm. Đề nghị đọc lại đối tượng liên quan; câu trả lời cũ không còn được lưu.",
        ),
        E::IdempotencyKeyReused => say(
            "Khóa lặp này thuộc về một yêu cầu khác.",
            "Dùng khóa mới cho mỗi yêu cầu mới; khi gửi lại thì giữ nguyên toàn bộ nội dung.",
        ),
        E::MethodNotAllowed => say(
            "Không dùng được phương thức này ở đây.",
            "Đề nghị dùng một trong các phương thức nêu trong Allow.",
        ),
        E::MediaTypeUnsupported => say(
            "Kiểu nội dung (Content-Type) không được hỗ trợ.",
            "Đề nghị gửi application/json với Content-Type tương ứng.",
        ),
        E::FieldInvalid => say(
            "Một trường có giá trị không hợp lệ.",
            "Đề nghị sửa trường được nêu trong chi tiết.",
        ),
        E::FieldUnknown => say(
            "Yêu cầu có trường không xác định.",
            "Đề nghị bỏ trường được nêu trong chi tiết hoặc sửa lại tên trường.",
        ),
        E::ServiceDescriptionInvalid => say(
            "Tài liệu mô tả dịch vụ không được chấp nhận.",
            "Đề nghị sửa các dòng được nêu trong chi tiết và tải tài liệu lên lại.",
        ),

        E::EvidenceNotFound => say(
            "Không có bản ghi này trong nhật ký.",
            "Đề nghị kiểm tra mã yêu cầu hoặc số thứ tự bản ghi.",
        ),
        E::EvidencePending => say(
            "Bản ghi chưa nằm trong điểm kiểm chứng đã công bố.",
            "Đề nghị hỏi lại sau một giây.",
        ),
    }
}
