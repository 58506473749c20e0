#include "client/idempotency_key.hpp"

#include "support/catch.hpp"

#include <array>
#include <set>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace idempotency_key_test {

using dedalus::new_idempotency_key;

TEST_CASE("idempotency key: no two are the same, and each is a random UUID with a prefix")
{
    std::set<std::string> keys;
    for (int i = 0; i < 1000; ++i) {
        const std::string key = new_idempotency_key();
        CHECK(key.starts_with("dedalus-cpp-"));
        CHECK(key.size() == 48);
        CHECK(key[26] == '4');
        CHECK(std::string("89ab").find(key[31]) != std::string::npos);
        keys.insert(key);
    }
    CHECK(keys.size() == 1000);
}

TEST_CASE("idempotency key: a child process does not make those of its parent")
{
    new_idempotency_key();  // so that there are bytes to inherit
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string key = new_idempotency_key();
        ::_exit(::write(ends[1], key.data(), key.size()) == static_cast<ssize_t>(key.size()) ? 0 : 1);
    }
    const std::string own = new_idempotency_key();
    std::string others(own.size(), '\0');
    CHECK(::read(ends[0], others.data(), others.size()) == static_cast<ssize_t>(others.size()));
    int status = 1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(others.starts_with("dedalus-cpp-"));
    CHECK(others != own);
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace idempotency_key_test
