#include "net/read_buffer.hpp"

#include "support/catch.hpp"

#include <string_view>
#include <thread>
#include <vector>

namespace read_buffer_test {

using dedalus::net::read_buffer;

TEST_CASE("a read buffer keeps what is in it until it is given back")
{
    read_buffer buffer;
    const std::string_view text = "some bytes";
    text.copy(buffer.get().data(), text.size());
    CHECK(buffer.get().size() == read_buffer::size);
    CHECK(std::string_view(buffer.get().data(), text.size()) == text);
}

TEST_CASE("read buffers of one thread that wait in turn share their memory")
{
    read_buffer first;
    read_buffer second;
    const char* const room = first.get().data();
    first.give_back();
    CHECK(second.get().data() == room);
    CHECK(first.get().data() != room);
}

TEST_CASE("a read buffer may be given back by another thread than used it")
{
    std::vector<read_buffer> buffers(5);
    for (read_buffer& buffer : buffers)
        CHECK(buffer.get().size() == read_buffer::size);
    std::thread([&buffers] {
        for (read_buffer& buffer : buffers)
            buffer.give_back();
    }).join();
    for (read_buffer& buffer : buffers) {
        CHECK(buffer.get().size() == read_buffer::size);
        buffer.get().back() = 'x';
    }
}

}  // namespace read_buffer_test
