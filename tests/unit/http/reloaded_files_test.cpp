#include <fstream>
#include <iterator>
#include <reloaded_files.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::http {
namespace {

using namespace std::chrono_literals;
using Text = ReloadedFiles<std::string>;

struct LoggedLines final : Observer {
    void on_record(const LogRecord& record) override {
        lines.push_back(std::string(to_string(record.event)) + ": " + std::string(record.message));
    }
    std::vector<std::string> lines;
};

/// The text of a file; "bad" is unusable.
struct ReloadedFilesFixture {
    ReloadedFilesFixture() { write("one"); }

    void write(const std::string& text) { std::ofstream(file) << text; }
    Result<std::unique_ptr<Text>> load() {
        const auto read = [path = file]() -> Result<std::string> {
            std::ifstream input(path);
            std::string text((std::istreambuf_iterator<char>(input)), {});
            if (text == "bad") return Error(Errc::invalid_argument, "it is bad");
            return text;
        };
        return Text::load({.files = {file}, .load = read},
                          {.reloaded = LogEvent::certificate_reloaded,
                           .reloaded_message = "changed",
                           .unusable = LogEvent::certificate_unusable,
                           .unusable_message = "unchanged"},
                          clock, log);
    }

    testing::TemporaryFolder folder;
    std::string file = folder.file("text");
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<LoggedLines> log = std::make_shared<LoggedLines>();
};

}  // namespace

TEST_CASE_METHOD(ReloadedFilesFixture, "a changed file is read again within a second, and logged") {
    const std::unique_ptr<Text> text = load().value();
    CHECK(text->current() == "one");
    write("changed");
    CHECK(text->current() == "one");
    clock->advance(1s);
    CHECK(text->current() == "changed");
    CHECK(log->lines == std::vector<std::string>{"certificate_reloaded: changed"});
    clock->advance(1h);
    CHECK(text->current() == "changed");
    CHECK(log->lines.size() == 1);
}

TEST_CASE_METHOD(
    ReloadedFilesFixture,
    "while the changed file is unusable the previous value stays, and one line says why") {
    const std::unique_ptr<Text> text = load().value();
    write("bad");
    for (int second = 0; second < 3; ++second) {
        clock->advance(1s);
        CHECK(text->current() == "one");
    }
    CHECK(log->lines == std::vector<std::string>{"certificate_unusable: unchanged: it is bad"});
    write("repaired");
    clock->advance(1s);
    CHECK(text->current() == "repaired");
}

TEST_CASE_METHOD(ReloadedFilesFixture, "a file that is unusable at first is an error") {
    write("bad");
    CHECK(load().error().detail() == "it is bad");
    CHECK(log->lines.empty());
}

}  // namespace webhooks::http
