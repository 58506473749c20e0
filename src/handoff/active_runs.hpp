#pragma once

#include "handoff/run_stop.hpp"
#include "handoff/strand_hop.hpp"

#include <boost/asio/post.hpp>

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace dedalus::handoff_engine {

/// The runs that are being followed, so that they can be asked to stop or to look into their inbox. Any thread.
class active_runs
{
    struct active
    {
        std::string run_id;
        strand s;
        std::shared_ptr<run_stop> stop;
    };

public:
    /// A run is in the list as long as this lives.
    class place
    {
    public:
        place(std::shared_ptr<active_runs> all, std::list<active>::iterator at) : all_(std::move(all)), at_(at) {}

        ~place()
        {
            const std::lock_guard lock(all_->mutex_);
            all_->runs_.erase(at_);
        }

        place(const place&) = delete;
        place& operator=(const place&) = delete;

    private:
        std::shared_ptr<active_runs> all_;
        std::list<active>::iterator at_;
    };

    static std::unique_ptr<place>
    add(std::shared_ptr<active_runs> all, std::string run_id, strand s, std::shared_ptr<run_stop> stop)
    {
        const std::lock_guard lock(all->mutex_);
        const auto at = all->runs_.insert(all->runs_.end(), {std::move(run_id), std::move(s), std::move(stop)});
        return std::make_unique<place>(std::move(all), at);
    }

    void look(const std::string& run_id)
    {
        const std::lock_guard lock(mutex_);
        for (const active& run : runs_) {
            if (run.run_id == run_id)
                boost::asio::post(run.s, [stop = run.stop] { stop->look(); });
        }
    }

    void stop(bool now)
    {
        const std::lock_guard lock(mutex_);
        for (const active& run : runs_) {
            boost::asio::post(run.s, [stop = run.stop, now] {
                if (now)
                    stop->now();
                else
                    stop->after_turn();
            });
        }
    }

private:
    std::mutex mutex_;
    std::list<active> runs_;
};

}  // namespace dedalus::handoff_engine
