#include "faults/fault.hpp"
#include "faults/fault_scenes.hpp"
#include "support/background_program.hpp"
#include "support/client_fixture.hpp"
#include "support/full_listener.hpp"
#include "support/slow_lookup.hpp"
#include "support/stalling_peer.hpp"

#include <memory>
#include <string>

namespace test {

using namespace std::chrono_literals;
using dedalus::client_options;
using dedalus::testing::certificate_kind;

namespace {

/// Long enough to come to where the peer is silent.
constexpr auto short_limit = 150ms;

client_options options_to(bool tls, const std::string& host, std::uint16_t port = 9)
{
    client_options options;
    options.api_key = "k";
    options.base_url = (tls ? "https://" : "http://") + host + ':' + std::to_string(port);
    return patient(options);
}

fault_scene unknown_name(bool tls, bool)
{
    return {options_to(tls, std::string(64, 'x') + ".invalid"), nullptr};
}

fault_scene silent_name_server(bool tls, bool)
{
    fault_scene scene{options_to(tls, "slow.test"), std::make_shared<slow_lookup>()};
    scene.options.timeouts.connect = 50ms;
    return scene;
}

fault_scene nobody_listens(bool tls, bool)
{
    return {options_to(tls, "127.0.0.1", free_port()), nullptr};
}

fault_scene no_answer_to_connect(bool tls, bool)
{
    const auto full = std::make_shared<full_listener>();
    fault_scene scene{options_to(tls, "127.0.0.1", full->port()), full};
    scene.options.timeouts.connect = 50ms;
    return scene;
}

/// A peer that stops somewhere, and a change of the limit that ends the wait.
std::function<fault_scene(bool, bool)> stopping(stall at, option_change change)
{
    return [at, change](bool tls, bool) {
        const auto peer = std::make_shared<stalling_peer>(at, tls);
        fault_scene scene{patient(peer->options()), peer, at == stall::write};
        change(scene.options);
        if (at == stall::write)
            scene.options.hooks.on_retry = [stopped = peer.get()](const dedalus::retry_view&) { stopped->let_go(); };
        return scene;
    };
}

void limit_connect(client_options& options)
{
    options.timeouts.connect = short_limit;
}

void limit_write(client_options& options)
{
    options.timeouts.write = short_limit;
}

void read_head(peer_connection& client)
{
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n") && client.read(std::span(&c, 1)) == 1)
        head += c;
}

/// A proxy that answers CONNECT with these bytes and ends the connection.
std::function<fault_scene(bool, bool)> proxy_answering(std::string bytes)
{
    const auto proxied = handled_by([bytes](peer_connection& client) {
        read_head(client);
        client.write(bytes);
        client.finish();
        client.wait_for_end();
    });
    return [proxied](bool tls, bool stream) {
        fault_scene scene = proxied(tls, stream);
        scene.options.proxy.url = "http://" + scene.options.base_url->substr(std::string("https://").size());
        scene.options.base_url = "https://api.test";
        return scene;
    };
}

fault_scene no_proxy_there(bool, bool)
{
    fault_scene scene{options_to(true, "api.test"), nullptr};
    scene.options.proxy.url = "http://127.0.0.1:" + std::to_string(free_port());
    return scene;
}

std::function<fault_scene(bool, bool)> showing(certificate_kind kind)
{
    return [kind](bool, bool) {
        dedalus::testing::server_options with;
        with.certificate = kind;
        const auto target = std::make_shared<dedalus::testing::server>(with);
        return fault_scene{patient(options_for(*target)), target};
    };
}

/// A server that ends the handshake by an alert: it speaks TLS 1.1 alone, or wants a certificate of the client.
class refusing_server
{
public:
    explicit refusing_server(bool old)
        : context_(server_context(ca_.issue(), old ? TLS1_1_VERSION : TLS1_3_VERSION)),
          peer_([this](peer_connection& client) {
              if (client.start_tls(context_.get()))
                  read_head(client);
              client.wait_for_end();
          })
    {
        if (!old)
            require_client_certificate(context_.get(), ca_);
    }

    client_options options() const
    {
        client_options options = options_to(true, "127.0.0.1", peer_.port());
        options.tls.ca_pem = ca_.pem();
        return options;
    }

private:
    test_ca ca_;
    openssl_ptr<SSL_CTX> context_;
    loopback_peer peer_;
};

std::function<fault_scene(bool, bool)> refusing(bool old)
{
    return [old](bool, bool) {
        const auto peer = std::make_shared<refusing_server>(old);
        return fault_scene{peer->options(), peer};
    };
}

/// Reads a piece of a large request and closes the connection with the rest unread, which resets it.
std::function<fault_scene(bool, bool)> gone_while_sending()
{
    const auto rude = handled_by([](peer_connection& client) {
        char some[4096];
        client.read(some);
    });
    return [rude](bool tls, bool stream) {
        fault_scene scene = rude(tls, stream);
        scene.large_request = true;
        return scene;
    };
}

constexpr fault_end tls_failure = again("connection_error connection tls");
constexpr fault_end refused_certificate = once("connection_error connection tls");

}  // namespace

fault_group resolve_faults()
{
    return {
        "Name resolution",
        {
            {"the name does not exist", unknown_name, everywhere(again("connection_error connection resolve"))},
            {"the name server is silent", silent_name_server, everywhere(again("timeout_error timeout resolve"))},
        }};
}

fault_group connect_faults()
{
    return {
        "TCP connect",
        {
            {"refused", nobody_listens, everywhere(again("connection_error connection connect"))},
            {"silent", no_answer_to_connect, everywhere(again("timeout_error timeout connect"))},
        }};
}

fault_group proxy_faults()
{
    constexpr fault_end failure = again("connection_error connection proxy");
    return {
        "Tunnel through a proxy",
        {
            {"nobody listens for the proxy", no_proxy_there, only_https(again("connection_error connection connect"))},
            {"silent", stopping(stall::proxy, limit_connect), only_https(again("timeout_error timeout proxy"))},
            {"closed without an answer", proxy_answering(""), only_https(failure)},
            {"closed in the header", proxy_answering("HTTP/1.1 200 O"), only_https(failure)},
            {"not HTTP", proxy_answering("SSH-2.0-OpenSSH_9.2\r\n\r\n"), only_https(failure)},
            {"refused with 407",
             proxy_answering("HTTP/1.1 407 Credentials\r\n\r\n"),
             only_https(once("proxy_error connection proxy"))},
            {"refused with 403",
             proxy_answering("HTTP/1.1 403 No\r\n\r\n"),
             only_https(once("proxy_error connection proxy"))},
            {"refused with 502",
             proxy_answering("HTTP/1.1 502 Bad\r\n\r\n"),
             only_https(again("proxy_error connection proxy"))},
        }};
}

fault_group tls_faults()
{
    const auto answering = [](std::string bytes) {
        return handled_by([bytes](peer_connection& client) {
            char hello[64];
            client.read(hello);
            client.write(bytes);
            client.cut();
            client.wait_for_end();
        });
    };
    return {
        "TLS handshake",
        {
            {"silent", stopping(stall::tls, limit_connect), only_https(again("timeout_error timeout tls"))},
            {"closed", answering(""), only_https(tls_failure)},
            {"reset",
             handled_by([](peer_connection& client) {
                 char c = 0;
                 client.read(std::span(&c, 1));
             }),
             only_https(tls_failure)},
            {"not TLS but HTTP", answering("HTTP/1.1 400 Bad\r\n\r\n"), only_https(tls_failure)},
            {"alert: no version in common", refusing(true), only_https(tls_failure)},
            {"alert: the server wants a certificate of the client", refusing(false), only_https(tls_failure)},
            {"certificate of another host", showing(certificate_kind::wrong_host), only_https(refused_certificate)},
            {"expired certificate", showing(certificate_kind::expired), only_https(refused_certificate)},
            {"certificate of an unknown issuer",
             showing(certificate_kind::unknown_issuer),
             only_https(refused_certificate)},
            {"self-signed certificate", showing(certificate_kind::self_signed), only_https(refused_certificate)},
        }};
}

fault_group write_faults()
{
    constexpr fault_end failure = again("connection_error connection write");
    return {
        "Sending the request",
        {
            {"the server reads nothing",
             stopping(stall::write, limit_write),
             everywhere(again("timeout_error timeout write"))},
            {"reset", gone_while_sending(), {failure, no_such_call, failure, no_such_call}},
        }};
}

}  // namespace test
