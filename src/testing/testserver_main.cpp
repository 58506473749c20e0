#include <dedalus/testing/server.hpp>

#include <boost/system/system_error.hpp>

#include <charconv>
#include <csignal>
#include <iostream>
#include <optional>
#include <string_view>

namespace {

constexpr const char* usage = R"(usage: dedalus-testserver [--http] [--port N]

A server on loopback that speaks POST /v1/chat/completions and answers any valid request.

  --http     HTTP; without it HTTPS with a certificate made at start
  --port N   listen on this port, 1 to 65535; without it on a free one
  --help     this text

Prints its URL on the first line and, for HTTPS, `ca_file: PATH` on the second: the
CA certificate that clients need. Serves until SIGINT or SIGTERM.
)";

/// Fills the options from the arguments; otherwise returns what is wrong.
std::optional<std::string> parse_arguments(int argc, char** argv, dedalus::testing::server_options& options, bool& help)
{
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help")
            help = true;
        else if (argument == "--http")
            options.tls = false;
        else if (argument == "--port") {
            const std::string_view text = ++i < argc ? argv[i] : "";
            const std::from_chars_result end = std::from_chars(text.data(), text.data() + text.size(), options.port);
            if (end.ec != std::errc() || end.ptr != text.data() + text.size() || options.port == 0)
                return "--port needs a number from 1 to 65535";
        }
        else
            return "unknown argument " + std::string(argument);
    }
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv)
{
    dedalus::testing::server_options options;
    bool help = false;
    if (const std::optional<std::string> problem = parse_arguments(argc, argv, options, help)) {
        std::cerr << "dedalus-testserver: " << *problem << "\n\n" << usage;
        return 2;
    }
    if (help) {
        std::cout << usage;
        return 0;
    }

    // Blocked before the server starts its thread, which inherits it: the signal then waits for sigwait below.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    try {
        const dedalus::testing::server running(options);
        std::cout << running.url() << '\n';
        if (options.tls)
            std::cout << "ca_file: " << running.ca_file() << '\n';
        std::cout.flush();
        int received = 0;
        sigwait(&signals, &received);
    }
    catch (const boost::system::system_error& e) {
        std::cerr << "dedalus-testserver: " << e.what() << '\n';
        return 1;
    }
    return 0;
}
