#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/encryption.hpp>

namespace webhooks {
namespace {

const std::string ones = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";
const std::string twos = "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=";

struct KeysFile {
    explicit KeysFile(const std::string& content, mode_t mode = 0600) {
        std::ofstream(path) << content;
        ::chmod(path.c_str(), mode);
    }

    std::string error() const { return keys_from_file(path).error().detail(); }

    testing::TemporaryFolder folder;
    std::string path = folder.file("keys");
};

}  // namespace

TEST_CASE("the first key of a file is current, and all are found by their ids") {
    const KeysFile file("# new keys first\n\n2026-11 " + twos + "\r\n2026-01 " + ones);
    const auto keys = keys_from_file(file.path).value();
    CHECK(keys->current().value().id == "2026-11");
    CHECK(keys->current().value().bytes.reveal() == std::string(32, '2'));
    CHECK(keys->find("2026-01").value().bytes.reveal() == std::string(32, '1'));
    CHECK(keys->find("2025").error() == Errc::not_found);
}

TEST_CASE("a file of keys is read again when it has changed") {
    const KeysFile file("a " + ones + "\n");
    const auto keys = keys_from_file(file.path).value();
    std::ofstream(file.path) << "b " << twos << "\na " << ones << "\n";
    CHECK(keys->current().value().id == "b");
    CHECK(keys->find("a").value().bytes.reveal() == std::string(32, '1'));

    // While it cannot be used, nothing new is encrypted, and the keys that were read decrypt.
    std::ofstream(file.path) << "c\n";
    CHECK(keys->current().error() == Errc::invalid_argument);
    CHECK(keys->find("b").value().id == "b");
    CHECK(keys->find("c").error() == Errc::unavailable);
    CHECK(::unlink(file.path.c_str()) == 0);
    CHECK(keys->current().error() == Errc::unavailable);
    CHECK(keys->find("a").value().id == "a");
    {
        std::ofstream(file.path) << "c " << ones << "\n";
        ::chmod(file.path.c_str(), 0600);
    }
    CHECK(keys->current().value().id == "c");
    CHECK(keys->find("a").error() == Errc::not_found);
}

TEST_CASE("an error in a file of keys names the line, and never shows a key") {
    CHECK(KeysFile("a " + ones + "\nb\n").error().find("keys, line 2: must be an id") !=
          std::string::npos);
    CHECK(KeysFile("a/b " + ones).error().find("line 1: the id must be") != std::string::npos);
    const std::string error = KeysFile("a " + ones.substr(4)).error();
    CHECK(error.find("line 1: the key must be 32 bytes in base64") != std::string::npos);
    CHECK(error.find("MTEx") == std::string::npos);
    CHECK(KeysFile("a " + ones + "\na " + twos).error().find("same id") != std::string::npos);
    CHECK(KeysFile("# none\n").error().find("has no encryption key") != std::string::npos);
}

TEST_CASE("a file of keys that is missing, a folder or open to others is rejected") {
    const testing::TemporaryFolder folder;
    const Error missing = keys_from_file(folder.file("none")).error();
    CHECK(missing == Errc::unavailable);
    CHECK(missing.detail().find("none': No such file") != std::string::npos);
    CHECK(keys_from_file(folder.path()).error() == Errc::invalid_argument);
    for (const mode_t mode : {0604, 0602, 0620}) {
        CHECK(KeysFile("a " + ones, mode).error().find("chmod 600") != std::string::npos);
    }
    const KeysFile of_group("a " + ones, 0640);
    CHECK(keys_from_file(of_group.path));
}

}  // namespace webhooks
