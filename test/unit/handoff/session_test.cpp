#include "handoff/session.hpp"

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <string>

namespace session_test {

namespace core = dedalus::handoff_core;
using core::resume_step;
using test::refusal;

namespace {

const std::string odd_deferred = R"([ {"id":"d","name":"x","arguments":{"n":1.0,"m":1e2,"n":"a\/b"} } ])";

dedalus::chat_completion deferring(const std::string& correlation_id)
{
    return test::answer(R"({"choices":[],"correlation_id":)" + correlation_id + R"(,"deferred":)" + odd_deferred + "}");
}

dedalus::chat_completion_request written(const core::server_session& session, bool client_tools = true)
{
    dedalus::chat_completion_request request;
    session.write(request, client_tools);
    return request;
}

}  // namespace

TEST_CASE("The first request asks for the structured handoff when there are client tools")
{
    const core::server_session session;
    CHECK(written(session).handoff_mode == true);
    CHECK_FALSE(written(session, false).handoff_mode);
    CHECK_FALSE(written(session).correlation_id);
    CHECK(written(session).deferred_calls_raw.empty());

    dedalus::chat_completion_request with_own_mode;
    with_own_mode.handoff_mode = false;
    session.write(with_own_mode, true);
    CHECK(with_own_mode.handoff_mode == false);
}

TEST_CASE("Deferred calls go back byte for byte, with the session")
{
    core::server_session session;
    session.update(deferring(R"("c1")"));
    const dedalus::chat_completion_request request = written(session);
    CHECK(request.correlation_id == "c1");
    CHECK(request.deferred_calls_raw == odd_deferred);
    CHECK(request.deferred_calls.empty());
    CHECK(session.deferred_ids() == core::id_set{"d"});
}

TEST_CASE("Deferred calls without their bytes go back as values")
{
    dedalus::chat_completion answer;
    answer.deferred.emplace_back().id = "d";
    core::server_session session;
    session.update(answer);
    REQUIRE(written(session).deferred_calls.size() == 1);
    CHECK(written(session).deferred_calls[0].id == "d");
}

TEST_CASE("The last correlation id that is not null counts, and only the latest deferred calls")
{
    core::server_session session;
    session.update(deferring(R"("c1")"));
    session.update(test::answer(R"({"choices":[],"correlation_id":null,"deferred":null})"));
    CHECK(written(session).correlation_id == "c1");
    CHECK(written(session).deferred_calls_raw.empty());
    CHECK(session.deferred_ids().empty());

    session.update(deferring(R"("c2")"));
    session.update(test::answer(R"({"choices":[],"correlation_id":"","deferred":[]})"));
    CHECK(written(session).correlation_id == "c2");
    CHECK(written(session).deferred_calls_raw.empty());
}

TEST_CASE("A request may go on from an earlier handoff")
{
    dedalus::chat_completion_request request;
    request.correlation_id = "c0";
    request.deferred_calls_raw = odd_deferred;
    const core::server_session session(request);
    CHECK(written(session).correlation_id == "c0");
    CHECK(written(session).deferred_calls_raw == odd_deferred);
    CHECK(session.deferred_ids() == core::id_set{"d"});

    request.deferred_calls_raw.clear();
    request.deferred_calls.emplace_back().id = "e";
    CHECK(core::server_session(request).deferred_ids() == core::id_set{"e"});

    request.deferred_calls_raw = "{}";
    CHECK_THROWS_AS(core::server_session(request), dedalus::invalid_request_error);
}

TEST_CASE("A lost session is replaced by the deferred calls, then by a new plan, then by nothing")
{
    core::server_session session;
    session.update(deferring(R"("c1")"));
    const dedalus::api_error lost = refusal(404, "the session does not exist", "session_not_found");

    CHECK(session.fall_back(lost));
    CHECK(session.step() == resume_step::stateless);
    CHECK_FALSE(written(session).correlation_id);
    CHECK(written(session).deferred_calls_raw == odd_deferred);
    CHECK(written(session).handoff_mode == true);

    CHECK(session.fall_back(lost));
    CHECK(session.step() == resume_step::replan);
    CHECK_FALSE(written(session).correlation_id);
    CHECK(written(session).deferred_calls_raw.empty());
    CHECK(written(session).handoff_mode == false);
    CHECK(session.deferred_ids().empty());

    CHECK_FALSE(session.fall_back(lost));
}

TEST_CASE("Deferred calls without a session that are refused lead to a new plan")
{
    core::server_session session;
    session.update(deferring("null"));
    CHECK(session.fall_back(refusal(422, "invalid", "", "deferred_calls")));
    CHECK(session.step() == resume_step::replan);
}

TEST_CASE("An answer ends the fallback, and its session replaces the lost one")
{
    core::server_session session;
    session.update(deferring(R"("c1")"));
    session.fall_back(refusal(404, "session"));
    session.update(deferring(R"("c2")"));
    CHECK(session.step() == resume_step::session);
    CHECK(written(session).correlation_id == "c2");

    session.fall_back(refusal(404, "session"));
    session.fall_back(refusal(404, "session"));
    session.update(test::text_answer("x"));
    CHECK(session.step() == resume_step::session);
    CHECK(written(session).handoff_mode == true);
    CHECK_FALSE(written(session).correlation_id);
}

TEST_CASE("There is nothing to fall back to without a session and without deferred calls")
{
    core::server_session session;
    CHECK_FALSE(session.fall_back(refusal(404, "no such session")));
}

TEST_CASE("Only a definite error that names what resumes is a lost session")
{
    const auto [status, message, code, param, expected] =
        GENERATE(table<int, std::string, std::string, std::string, bool>(
            {{404, "Session not found", "", "", true},
             {404, "", "session_not_found", "", true},
             {404, "The model `x` does not exist", "model_not_found", "", false},
             {409, "correlation id is in use", "", "", true},
             {409, "lock conflict", "", "", false},
             {410, "the session has expired", "", "", true},
             {410, "gone", "", "", false},
             {400, "bad", "", "correlation_id", true},
             {400, "Deferred_Calls do not match", "", "", true},
             {400, "An assistant message with 'tool_calls' must be followed by tool messages", "", "", true},
             {400, "temperature is out of range", "", "temperature", false},
             {422, "unknown session", "", "", true},
             {401, "the session key is wrong", "", "", false},
             {429, "too many sessions", "", "", false},
             {500, "session store is down", "", "", false}}
        ));
    INFO(status << ' ' << message);
    CHECK(core::refuses_to_resume(refusal(status, message, code, param)) == expected);
}

TEST_CASE("The items of a 422 are looked at too")
{
    dedalus::api_error_details details;
    details.status = 422;
    details.validation.push_back({"body.deferred_calls.0.id", "wrong", "value_error"});
    CHECK(core::refuses_to_resume(dedalus::api_error(dedalus::errc::unprocessable_entity, details)));
    details.validation[0].location = "body.temperature";
    CHECK_FALSE(core::refuses_to_resume(dedalus::api_error(dedalus::errc::unprocessable_entity, details)));
}

}  // namespace session_test
