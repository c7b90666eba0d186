#include "coordinator/io/parallel.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace ocrs {
namespace {

struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0, finished = 0, threads_ended = 0;
  bool stopped = false;
  std::exception_ptr failure;
};

void work(Shared& shared, std::size_t count, const std::function<JobRunner()>& make_runner) {
  try {
    const JobRunner run = make_runner();
    for (;;) {
      std::size_t job = 0;
      {
        const std::lock_guard lock(shared.mutex);
        if (shared.stopped || shared.next >= count) break;
        job = shared.next++;
      }
      run(job);
      const std::lock_guard lock(shared.mutex);
      ++shared.finished;
      shared.changed.notify_one();
    }
  } catch (...) {
    const std::lock_guard lock(shared.mutex);
    if (!shared.failure) shared.failure = std::current_exception();
    shared.stopped = true;
  }
  const std::lock_guard lock(shared.mutex);
  ++shared.threads_ended;
  shared.changed.notify_one();
}

}  // namespace

bool run_in_parallel(std::size_t count, std::size_t threads, const std::function<JobRunner()>& make_runner,
                     const std::function<bool(std::size_t finished)>& watch) {
  Shared shared;
  std::vector<std::thread> pool;
  threads = std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(count, 1));
  for (std::size_t i = 0; i < threads; ++i) pool.emplace_back([&] { work(shared, count, make_runner); });
  {
    std::unique_lock lock(shared.mutex);
    while (shared.threads_ended < threads) {
      const std::size_t finished = shared.finished;
      lock.unlock();
      const bool goes_on = watch(finished);
      lock.lock();
      shared.stopped = shared.stopped || !goes_on;
      if (shared.threads_ended == threads) break;
      shared.changed.wait_for(lock, std::chrono::milliseconds{200});
    }
  }
  for (std::thread& thread : pool) thread.join();
  if (shared.failure) std::rethrow_exception(shared.failure);
  return shared.finished == count;
}

}  // namespace ocrs
