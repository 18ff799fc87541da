/// A replacement for libFuzzer: mutates the files of a corpus randomly, always in the same order,
/// for a number of seconds. It is not guided by coverage; `./dev fuzz` is.
///
/// usage: PROGRAM SECONDS CORPUS_FOLDER

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& text) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::vector<std::string> read_corpus(const char* folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<std::string> corpus;
    for (const std::filesystem::path& path : paths) {
        std::ifstream file(path, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return corpus;
}

class Mutator {
public:
    explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

    std::string next() {
        std::string text = pick();
        for (std::size_t i = 1 + below(4); i > 0; --i) {
            mutate(text);
        }
        return text;
    }

private:
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
    const std::string& pick() { return corpus_[below(corpus_.size())]; }

    void mutate(std::string& text) {
        const std::size_t at = below(text.size() + 1);
        const std::size_t length = below(text.size() - at + 1);
        switch (below(6)) {
            case 0:
                text.insert(at, 1, static_cast<char>(below(256)));
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.insert(at, text.substr(at, length));
                break;
            case 3: {
                const std::string& other = pick();
                const std::size_t from = below(other.size() + 1);
                text.insert(at, other.substr(from, below(other.size() - from + 1)));
                break;
            }
            case 4:
                if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
                break;
            default:
                text.insert(at, std::string(1 + below(40), "('not !\"&)"[below(10)]));
        }
        if (text.size() > 5000) text.resize(5000);
    }

    const std::vector<std::string>& corpus_;
    std::minstd_rand random_{1};
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s SECONDS CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    const std::vector<std::string> corpus = read_corpus(argv[2]);
    if (corpus.empty()) {
        std::fprintf(stderr, "the corpus is empty\n");
        return 2;
    }
    for (const std::string& text : corpus) {
        run(text);
    }
    Mutator mutator(corpus);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
    std::size_t runs = 0;
    for (; std::chrono::steady_clock::now() < end; ++runs) {
        run(mutator.next());
    }
    std::printf("%zu inputs\n", runs + corpus.size());
    return 0;
}
