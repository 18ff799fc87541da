#include <signing/signature_header.hpp>

namespace webhooks::signing {

Result<std::string> signature_header(std::span<Signer> signers, std::string_view id,
                                     std::string_view timestamp, std::string_view body) {
    std::string all;
    for (Signer& signer : signers) {
        Result<std::string> one = signer.sign(id, timestamp, body);
        if (!one) return one.error();
        if (all.empty()) {
            all = *std::move(one);
        } else {
            all.append(1, ' ').append(*one);
        }
    }
    return all;
}

}  // namespace webhooks::signing
