#include <dedalus/stores/records.hpp>

#include <boost/crc.hpp>

#include <array>
#include <string_view>

namespace dedalus::stores {

namespace {

class checksum_writer
{
public:
    void number(std::int64_t value)
    {
        std::array<unsigned char, 8> bytes;
        auto rest = static_cast<std::uint64_t>(value);
        for (unsigned char& byte : bytes) {
            byte = static_cast<unsigned char>(rest & 0xff);
            rest >>= 8;
        }
        crc_.process_bytes(bytes.data(), bytes.size());
    }

    void text(std::string_view value)
    {
        number(static_cast<std::int64_t>(value.size()));
        crc_.process_bytes(value.data(), value.size());
    }

    std::uint32_t value() const { return crc_.checksum(); }

private:
    // CRC-32C (Castagnoli), as in RFC 3720.
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc_;
};

}  // namespace

std::uint32_t checksum(const log_entry& entry)
{
    checksum_writer crc;
    crc.number(entry.seq);
    crc.number(entry.at.time_since_epoch().count());
    crc.number(entry.fence);
    crc.number(entry.turn);
    crc.text(entry.kind);
    crc.text(entry.body);
    crc.text(entry.raw);
    return crc.value();
}

std::uint32_t checksum(const call_record& record)
{
    checksum_writer crc;
    crc.text(record.key.call_id);
    crc.number(record.key.occurrence);
    crc.number(static_cast<std::int64_t>(record.kind));
    crc.number(record.attempt);
    crc.number(record.fence);
    crc.number(record.at.time_since_epoch().count());
    crc.text(record.body);
    return crc.value();
}

bool is_intact(const stored_run& run, std::int64_t from_seq)
{
    std::int64_t next = from_seq;
    for (const log_entry& entry : run.entries) {
        if (entry.seq != next || entry.crc32c != checksum(entry))
            return false;
        ++next;
    }
    if (next <= run.last_seq)
        return false;
    for (const call_record& record : run.calls) {
        if (record.crc32c != checksum(record))
            return false;
    }
    return true;
}

}  // namespace dedalus::stores
