#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>
#include <dedalus/proxy_error.hpp>

#include "net/certificate_error.hpp"
#include "support/durable_scene.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace durable_failures_test {

using dedalus::call_phase;
using dedalus::run_phase;
using dedalus::stop_reason;
using test::durable_scene;
using test::ends;
using namespace std::chrono_literals;

TEST_CASE("A refused certificate is not tried again, costs nothing, and the run waits for somebody to mend it")
{
    durable_scene s;
    s.fails(dedalus::connection_error(call_phase::tls, dedalus::net::certificate_error(10), "expired"));
    const dedalus::run_result waits = s.run();
    CHECK(waits.stop_reason == stop_reason::retry_after);
    CHECK(waits.llm_turns.spent() == 0);
    CHECK(waits.unknown_outcomes.empty());
    CHECK(s.sent.size() == 1);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A provider that has no key suspends the run until there is one")
{
    durable_scene s;
    s.fails(dedalus::credential_error("no key", nullptr));
    const dedalus::run_result waits = s.run();
    CHECK(waits.stop_reason == stop_reason::auth);
    CHECK(waits.llm_turns.spent() == 0);
    CHECK(s.sent.size() == 1);
}

const dedalus::response_format_error unreadable("not JSON", 200, "text/html", "<html>");

TEST_CASE("An answer that cannot be read is charged, and asked for once more under the same key")
{
    durable_scene s;
    s.fails(unreadable);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.llm_turns.charged_unknown == 2);
    CHECK(done.unknown_outcomes.size() == 1);
    CHECK(test::has_code(done.diagnostics, "unreadable_answer"));
    REQUIRE(s.keys.size() == 2);
    CHECK(s.keys[0] == s.keys[1]);
}

TEST_CASE("The second answer of a turn that cannot be read ends the run")
{
    durable_scene s;
    const bool by_another_process = GENERATE(false, true);
    if (by_another_process)
        s.on_unknown_send = dedalus::unknown_send_policy::suspend;
    s.fails(unreadable);
    s.fails(unreadable);
    if (by_another_process)
        CHECK(s.run().stop_reason == stop_reason::unknown_send_outcome);
    CHECK_THROWS_AS(s.run(), dedalus::response_format_error);
    const dedalus::run_result again = s.run();
    CHECK(again.phase == run_phase::failed);
    CHECK(again.stop_reason == stop_reason::protocol_error);
    CHECK(again.llm_turns.charged_unknown == 4);
    CHECK(again.unknown_outcomes.size() == 2);
    CHECK(s.sent.size() == 2);
}

TEST_CASE("An answer that cannot be read is counted for its turn alone")
{
    durable_scene s;
    s.add("tool", {});
    s.fails(unreadable);
    s.says(test::asks("[" + test::pending_call("a", "tool") + "]"));
    s.fails(unreadable);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("What fails before the connection stands is tried again at no charge")
{
    durable_scene s;
    SECTION("a proxy that is busy")
    {
        s.fails(dedalus::proxy_error("proxy:3128", 503));
    }
    SECTION("a connect that takes too long")
    {
        s.fails(dedalus::timeout_error(call_phase::connect, 1s));
    }
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.llm_turns.charged_unknown == 0);
    CHECK(done.llm_turns.spent() == 1);
}

TEST_CASE("A refusal that passes is tried again, and charged when the server may have worked")
{
    struct row
    {
        int status;
        std::int64_t charged;
    };

    const row r = GENERATE(row{408, 2}, row{500, 2}, row{503, 2}, row{409, 0}, row{429, 0});
    durable_scene s;
    s.fails(test::refusal(r.status, "for a moment"));
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.llm_turns.charged_unknown == r.charged);
    CHECK(done.unknown_outcomes.size() == (r.charged > 0 ? 1U : 0U));
}

TEST_CASE("The server's own wish decides whether a refusal is tried again")
{
    const bool again = GENERATE(false, true);
    dedalus::api_error_details details;
    details.status = 503;
    details.headers.set("x-should-retry", again ? "true" : "false");
    durable_scene s;
    s.fails(dedalus::api_error(dedalus::errc::api, std::move(details)));
    s.says(ends());
    CHECK(s.run().phase == (again ? run_phase::completed : run_phase::suspended));
    CHECK(s.sent.size() == (again ? 2U : 1U));
}

dedalus::api_error wished(int status, const char* again)
{
    dedalus::api_error_details details;
    details.status = status;
    details.headers.set("x-should-retry", again);
    return dedalus::api_error(dedalus::errc::api, std::move(details));
}

TEST_CASE("A refusal that the server wants to see again is sent again at no charge, until no attempt is left")
{
    const int status = GENERATE(400, 401, 404, 422);
    durable_scene s;
    SECTION("the second attempt is answered")
    {
        s.fails(wished(status, "true"));
        s.says(ends());
        const dedalus::run_result done = s.run();
        CHECK(done.phase == run_phase::completed);
        CHECK(done.llm_turns.spent() == 1);
        REQUIRE(s.keys.size() == 2);
        CHECK(s.keys[1] == s.keys[0] + "/e1");
    }
    SECTION("no attempt is answered")
    {
        for (int i = 0; i < 3; ++i)
            s.fails(wished(status, "true"));
        const dedalus::run_result waits = s.run();
        CHECK(waits.phase == run_phase::suspended);
        CHECK(waits.stop_reason == (status == 401 ? stop_reason::auth : stop_reason::retry_after));
        CHECK(s.sent.size() == 3);
    }
}

TEST_CASE("What the server does not want to see again waits for somebody, and no worker repeats it")
{
    const int status = GENERATE(408, 409, 429, 500, 503);
    durable_scene s;
    s.fails(wished(status, "false"));
    CHECK(s.run().stop_reason == stop_reason::retry_after);
    CHECK(s.sent.size() == 1);
    CHECK_FALSE(s.stored().head.wakeup_at);
    s.passed += std::chrono::hours(24);
    CHECK(test::run_coro(s.store->list_resumable({})).empty());
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A server that asks to wait long has the run suspended until then")
{
    dedalus::api_error_details details;
    details.status = 429;
    details.headers.set("retry-after", "600");
    durable_scene s;
    s.fails(dedalus::api_error(dedalus::errc::api, std::move(details)));
    const dedalus::run_result waits = s.run();
    CHECK(waits.stop_reason == stop_reason::retry_after);
    CHECK(waits.llm_turns.spent() == 0);
    CHECK(s.stored().head.wakeup_at == test::core::stored_time(s.now() + 600s));
    CHECK(test::run_coro(s.store->list_resumable({})).empty());
    s.passed += 601s;
    CHECK(test::run_coro(s.store->list_resumable({})).size() == 1);
}

TEST_CASE("A server that asks to wait longer than a clock can count has the run suspended for a year")
{
    dedalus::api_error_details details;
    details.status = 429;
    details.headers.set("retry-after", GENERATE("10000000000", "Fri, 31 Dec 9999 23:59:59 GMT"));
    durable_scene s;
    s.fails(dedalus::api_error(dedalus::errc::api, std::move(details)));
    CHECK(s.run().stop_reason == stop_reason::retry_after);
    CHECK(s.stored().head.wakeup_at == test::core::stored_time(s.now() + 24h * 365));
    CHECK(test::run_coro(s.store->list_resumable({})).empty());
}

TEST_CASE("An answer whose call id is too long for the store ends the run, once and for all")
{
    durable_scene s;
    s.add("tool", {});
    s.says(test::asks("[" + test::pending_call(std::string(1025, 'x'), "tool") + "]"));
    for (int i = 0; i < 2; ++i) {
        const dedalus::run_result failed = s.run();
        CHECK(failed.phase == run_phase::failed);
        CHECK(failed.stop_reason == stop_reason::protocol_error);
    }
    CHECK(s.log.empty());
}

TEST_CASE("Refused access and an empty purse suspend a run, at no charge")
{
    durable_scene s;
    const bool quota = GENERATE(false, true);
    if (quota)
        s.fails(test::refusal(429, "no quota", "insufficient_quota"));
    else
        s.fails(test::refusal(403, "not for you"));
    const dedalus::run_result waits = s.run();
    CHECK(waits.phase == run_phase::suspended);
    CHECK(waits.stop_reason == (quota ? stop_reason::payment : stop_reason::auth));
    CHECK(waits.llm_turns.spent() == 0);
    CHECK(s.sent.size() == 1);
}

TEST_CASE("An error in the middle of a stream may have cost something, and is tried again unless it is about money")
{
    const bool quota = GENERATE(false, true);
    dedalus::api_error_details details;
    details.status = 200;
    details.in_stream = true;
    details.api_code = quota ? "insufficient_quota" : "overloaded";
    durable_scene s;
    s.fails(dedalus::api_error(dedalus::errc::api, std::move(details)));
    s.says(ends());
    const dedalus::run_result r = s.run();
    CHECK(r.llm_turns.charged_unknown == 2);
    CHECK(r.stop_reason == (quota ? stop_reason::payment : stop_reason::final));
}

}  // namespace durable_failures_test
