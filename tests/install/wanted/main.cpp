#include <webhooks/sqlite_storage.hpp>

int main() {
    return webhooks::make_sqlite_storage({.path = "/nonexistent/webhooks.db"}).has_error() ? 0 : 1;
}
