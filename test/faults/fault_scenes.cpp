#include "faults/fault_scenes.hpp"

#include "support/client_fixture.hpp"

#include <memory>
#include <utility>

namespace test {

using namespace std::chrono_literals;
using dedalus::testing::reply;
using dedalus::testing::reply_end;
using dedalus::testing::server;

dedalus::client_options patient(dedalus::client_options options)
{
    options.timeouts = {.connect = 20s, .write = 20s, .response_header = 20s, .stream_idle = 20s};
    options.retry.max_retries = 1;
    options.retry.initial_backoff = 1ms;
    return options;
}

std::function<fault_scene(bool, bool)> replying(std::function<reply(bool stream)> make, option_change change)
{
    return [make = std::move(make), change = std::move(change)](bool tls, bool stream) {
        dedalus::testing::server_options with;
        with.tls = tls;
        const auto target = std::make_shared<server>(with);
        target->enqueue(make(stream));
        target->enqueue(make(stream));
        fault_scene scene{patient(options_for(*target)), target};
        if (change)
            change(scene.options);
        return scene;
    };
}

std::function<fault_scene(bool, bool)> handled_by(loopback_peer::handler handle)
{
    return [handle = std::move(handle)](bool tls, bool) {
        const auto peer = std::make_shared<loopback_peer>(handle);
        dedalus::client_options options;
        options.api_key = "k";
        options.base_url = (tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(peer->port());
        return fault_scene{patient(options), peer};
    };
}

reply whole_answer(bool stream)
{
    if (!stream)
        return dedalus::testing::text_reply("whole");
    return dedalus::testing::event_stream_reply(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"whole\"},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n"
    );
}

reply half_answer(bool stream, reply_end end)
{
    reply half = whole_answer(stream);
    half.stop_after = half.body.size() / 2;
    if (stream) {
        // One event, and the beginning of the one that would end the answer.
        const std::string first = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}}]}\n\n";
        half.body.insert(0, first);
        half.stop_after = first.size() + 4;
    }
    half.end = end;
    return half;
}

reply raw_reply(std::string bytes, reply_end end)
{
    reply raw;
    raw.raw = std::move(bytes);
    raw.end = end;
    return raw;
}

}  // namespace test
