#include <dedalus/handoff/run_export.hpp>
#include <dedalus/stores/store_error.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace checkpoint_document_test {

namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::store_errc;
using dedalus::store_error;
using dedalus::tool_effect;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::run_coro;

namespace {

std::string text_of(const char* path)
{
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// As much of JSON Schema as docs/checkpoint.schema.json uses; any other keyword is an error.
class schema
{
public:
    explicit schema(const json::value& whole) : whole_(whole.as_object()) {}

    bool fits(const json::value& value) const { return fits(value, whole_); }

private:
    bool fits(const json::value& value, const json::object& rules) const
    {
        return std::all_of(rules.begin(), rules.end(), [&](const json::key_value_pair& rule) {
            return fits(value, rule.key(), rule.value());
        });
    }

    bool fits(const json::value& value, std::string_view keyword, const json::value& rule) const
    {
        if (keyword == "type")
            return is_of(value, rule);
        if (keyword == "const")
            return value == rule;
        if (keyword == "enum")
            return std::ranges::find(rule.as_array(), value) != rule.as_array().end();
        if (keyword == "minimum")
            return !value.is_int64() || value.get_int64() >= rule.as_int64();
        if (keyword == "minLength")
            return !value.is_string() || value.get_string().size() >= rule.to_number<std::size_t>();
        if (keyword == "maxLength")
            return !value.is_string() || value.get_string().size() <= rule.to_number<std::size_t>();
        if (keyword == "$ref")
            return fits(value, whole_.at("$defs").at(name_in(rule)).as_object());
        if (keyword == "allOf")
            return std::ranges::all_of(rule.as_array(), [&](const json::value& one) { return holds(value, one); });
        if (keyword == "items")
            return !value.is_array() || std::ranges::all_of(value.get_array(), [&](const json::value& one) {
                return fits(one, rule.as_object());
            });
        return fits_members(value, keyword, rule);
    }

    bool fits_members(const json::value& value, std::string_view keyword, const json::value& rule) const
    {
        if (keyword == "$schema" || keyword == "title" || keyword == "$defs" || !value.is_object())
            return true;
        const json::object& object = value.get_object();
        if (keyword == "required")
            return std::ranges::all_of(rule.as_array(), [&](const json::value& name) {
                return object.contains(name.as_string());
            });
        if (keyword == "properties")
            return std::all_of(object.begin(), object.end(), [&](const json::key_value_pair& member) {
                const json::value* of_member = rule.as_object().if_contains(member.key());
                return of_member == nullptr || fits(member.value(), of_member->as_object());
            });
        if (keyword == "additionalProperties")
            return std::all_of(object.begin(), object.end(), [&](const json::key_value_pair& member) {
                return fits(member.value(), rule.as_object());
            });
        throw std::logic_error("a keyword that is not known: " + std::string(keyword));
    }

    bool holds(const json::value& value, const json::value& condition) const
    {
        return !fits(value, condition.at("if").as_object()) || fits(value, condition.at("then").as_object());
    }

    static bool is_of(const json::value& value, const json::value& types)
    {
        if (types.is_array())
            return std::ranges::any_of(types.get_array(), [&](const json::value& one) { return is_of(value, one); });
        const json::string& type = types.as_string();
        return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
               (type == "string" && value.is_string()) || (type == "integer" && value.is_int64()) ||
               (type == "null" && value.is_null());
    }

    static std::string name_in(const json::value& reference)
    {
        const std::string text(reference.as_string());
        return text.substr(text.rfind('/') + 1);
    }

    json::object whole_;
};

/// Puts a run that was changed into a store of its own, and resumes it.
void resume_changed(durable_scene& s, stores::stored_run run)
{
    s.store = std::make_shared<dedalus::memory_run_store>();
    stores::restore_request request;
    request.run = std::move(run);
    request.op_id = "restore";
    REQUIRE(run_coro(s.store->restore(std::move(request))) == stores::create_outcome::created);
    try {
        s.run();
        FAIL("a run went on with records that do not belong to it");
    }
    catch (const store_error& e) {
        CHECK(e.reason() == store_errc::damaged);
    }
    CHECK(s.stored().fence == 1);
}

}  // namespace

TEST_CASE("What is exported fits the schema that is documented, whatever the run is doing")
{
    const schema documented(json::parse(text_of(DEDALUS_CHECKPOINT_SCHEMA)));
    const auto fits = [&](durable_scene& s) { return documented.fits(json::parse(dedalus::export_run(s.stored()))); };
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    test::waiting_run(s);
    CHECK(fits(s));
    CHECK(run_coro(s.inbox().approve("r1", "a")) == stores::post_outcome::accepted);
    CHECK(fits(s));
    s.says(asks("[" + pending_call("b", "look") + "," + pending_call("c", "nobody") + "]"));
    s.says(ends());
    s.run();
    CHECK(fits(s));

    durable_scene read;
    read.definition.max_result_bytes = 65537;
    read.add("read", {}, [](json::object, dedalus::tool_context&) -> boost::asio::awaitable<json::value> {
        co_return json::string(std::string(70000, 'x'));
    });
    read.says(asks("[" + pending_call("a", "read") + "]"));
    read.says(ends());
    read.run();
    CHECK(read.stored().blobs.size() == 2);
    CHECK(fits(read));

    durable_scene started;
    test::leave_started(started, tool_effect::once);
    CHECK(fits(started));
    durable_scene sent;
    sent.store->arm(
        dedalus::store_failpoint::after_commit_before_ack, 3, std::make_exception_ptr(std::runtime_error("killed"))
    );
    CHECK_THROWS_AS(sent.run(), std::runtime_error);
    CHECK(fits(sent));

    json::value wrong = json::parse(dedalus::export_run(s.stored()));
    wrong.as_object()["phase"] = "dreaming";
    CHECK_FALSE(documented.fits(wrong));
    wrong.as_object()["phase"] = "suspended";
    CHECK_FALSE(documented.fits(wrong));
}

TEST_CASE("A document that another program has made needs neither checksums nor times")
{
    const std::string foreign = text_of(DEDALUS_FOREIGN_CHECKPOINT);
    CHECK(schema(json::parse(text_of(DEDALUS_CHECKPOINT_SCHEMA))).fits(json::parse(foreign)));
    const stores::stored_run run = dedalus::import_run(foreign);
    CHECK(run.entries.size() == 4);
    CHECK(run.calls.size() == 2);
    REQUIRE(run.waits.size() == 1);
    CHECK(run.waits[0].key.call.call_id == "c2");
    CHECK(run.fence == 1);
    CHECK(stores::is_intact(run, 1));
    const std::string ours = dedalus::export_run(run);
    CHECK(dedalus::export_run(dedalus::import_run(ours)) == ours);
}

TEST_CASE("A run whose records are of calls that nobody asked for is damaged")
{
    durable_scene s;
    test::waiting_run(s);
    stores::stored_run run = s.stored();
    SECTION("the record of a call")
    {
        stores::call_record& record = run.calls.emplace_back();
        record.key.call_id = "b";
        record.fence = 1;
        record.crc32c = stores::checksum(record);
    }
    SECTION("a wait")
    {
        run.waits.at(0).key.call.call_id = "b";
    }
    SECTION("a wait for other arguments")
    {
        run.waits.at(0).fingerprint = "5f00";
    }
    resume_changed(s, std::move(run));
}

}  // namespace checkpoint_document_test
