// The test server in a process of its own, for tests that need all the descriptors they can get. Every stream repeats
// the text of its request in three events and is then silent, with its end still to come.
//
// Usage: dedalus_open_streams [--http]. Prints its URL, and the path of its CA certificate or an empty line. For each
// line of input it waits until no connection is open, for ten seconds at most, and prints how many are. Ends with its
// input.

#include <dedalus/testing/server.hpp>

#include <boost/json/serialize.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

namespace json = boost::json;
using namespace dedalus::testing;

namespace {

reply open_stream(const json::object& body)
{
    const json::value& text = body.at("messages").at(0).at("content");
    const json::value chunk = {
        {"id", "x"},
        {"object", "chat.completion.chunk"},
        {"created", 1},
        {"model", "m"},
        {"choices", {{{"index", 0}, {"delta", {{"content", text}}}, {"finish_reason", nullptr}}}}};
    const std::string event = "data: " + json::serialize(chunk) + "\n\n";
    reply r = event_stream_reply(event + event + event);
    r.stop_after = r.body.size();
    r.end = reply_end::silence;
    return r;
}

}  // namespace

int main(int argc, char** argv)
{
    server_options options;
    options.tls = argc < 2 || std::string_view(argv[1]) != "--http";
    server target(options);
    target.on_request([](const received_request&, const json::object& body) { return open_stream(body); });
    std::cout << target.url() << '\n' << target.ca_file() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        target.wait_for_connections_open(0, std::chrono::seconds(10));
        std::cout << target.connections_open() << std::endl;
    }
}
