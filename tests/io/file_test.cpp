// Files, locks, compression, host and log on the real file system.
#include "common/io/file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <string>
#include <thread>

#include "common/io/compression.hpp"
#include "common/io/hash.hpp"
#include "common/io/host.hpp"
#include "common/io/logging.hpp"
#include "common/io/signals.hpp"
#include "tests/support/scratch_dir.hpp"

namespace ocrs {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST(Files, AreReplacedWholeAndLeaveNothingBeside) {
  const test::ScratchDir scratch;
  ASSERT_TRUE(write_file_atomically(scratch / "points.csv", "old"));
  ASSERT_TRUE(write_file_atomically(scratch / "points.csv", std::string(1 << 20, 'n'), 0640));
  EXPECT_EQ(*read_file(scratch / "points.csv", 1 << 20), std::string(1 << 20, 'n'));
  EXPECT_EQ(mode_of(scratch / "points.csv"), 0640u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
  const auto failed = write_file_atomically(scratch / "no/such/folder.csv", "x");
  ASSERT_FALSE(failed.ok());
  EXPECT_TRUE(failed.error().text.starts_with((scratch / "no/such/folder.csv").string() + ": ")) << failed.error().text;
  std::filesystem::create_directory(scratch / "folder");
  EXPECT_FALSE(write_file_atomically(scratch / "folder", "x").ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 2) << "no temporary file is left";
}

TEST(Files, AreReadUpToTheirLimit) {
  const test::ScratchDir scratch;
  ASSERT_TRUE(write_file_atomically(scratch / "f", "12345"));
  EXPECT_EQ(*read_file(scratch / "f", 5), "12345");
  EXPECT_FALSE(read_file(scratch / "f", 4).ok());
  EXPECT_FALSE(read_file(scratch / "g", 4).ok());
  EXPECT_FALSE(read_file(scratch.path(), 4).ok());
  EXPECT_FALSE(read_file("/dev/zero", 1 << 20).ok()) << "an endless file ends at the limit";
}

TEST(PrivateDir, IsMadeWithItsParentsAndClosedToOthers) {
  const test::ScratchDir scratch;
  ASSERT_TRUE(make_private_dir(scratch / "a/b/c"));
  EXPECT_EQ(mode_of(scratch / "a/b/c"), 0700u);
  ::chmod((scratch / "a/b").c_str(), 0755);
  ASSERT_TRUE(make_private_dir(scratch / "a/b"));
  EXPECT_EQ(mode_of(scratch / "a/b"), 0700u);
  ASSERT_TRUE(make_private_dir(scratch / "d/"));
  EXPECT_EQ(mode_of(scratch / "d"), 0700u);
  ASSERT_TRUE(write_file_atomically(scratch / "file", ""));
  EXPECT_FALSE(make_private_dir(scratch / "file").ok());
  EXPECT_FALSE(make_private_dir("/tmp").ok()) << "a shared folder stays shared";
  EXPECT_NE(mode_of("/tmp"), 0700u);
}

TEST(LockFile, IsHeldByOneAtATimeAndNamesItsHolder) {
  const test::ScratchDir scratch;
  {
    const auto held = LockFile::acquire(scratch / "lock");
    ASSERT_TRUE(held.ok());
    const auto second = LockFile::acquire(scratch / "lock");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().text, (scratch / "lock").string() + " is held by process " + std::to_string(::getpid()));
  }
  EXPECT_TRUE(LockFile::acquire(scratch / "lock").ok());
}

TEST(LockFile, OfAKilledProcessIsFree) {
  const test::ScratchDir scratch;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = LockFile::acquire(scratch / "lock");
    if (held.ok()) [[maybe_unused]]
      const ssize_t written = ::write(ready[1], "x", 1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_FALSE(LockFile::acquire(scratch / "lock").ok());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(LockFile::acquire(scratch / "lock").ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FileSystems, OfThisMachineAreLocalAndHaveRoom) {
  const test::ScratchDir scratch;
  EXPECT_FALSE(is_network_filesystem(scratch / "not/there/yet"));
  EXPECT_FALSE(is_network_filesystem("/proc"));
  ASSERT_TRUE(free_bytes(scratch.path()).ok());
  EXPECT_GT(*free_bytes(scratch.path()), 0u);
  EXPECT_FALSE(free_bytes(scratch / "not/there").ok());
}

TEST(Compression, GivesBackWhatItTookAndBoundsWhatComesOut) {
  const std::string text(300000, 'a');
  const std::string packed = compress(text);
  EXPECT_LT(packed.size(), 1000u);
  EXPECT_EQ(*decompress(packed, text.size()), text);
  EXPECT_FALSE(decompress(packed, text.size() - 1).ok());
  EXPECT_EQ(*decompress(compress(""), 0), "");
  for (std::size_t length = 0; length < packed.size(); ++length)
    EXPECT_FALSE(decompress(std::string_view(packed).substr(0, length), text.size()).ok()) << length;
  EXPECT_FALSE(decompress("not zstd at all", 100).ok());
}

TEST(Host, HasAStableIdentityAndFreshRandomness) {
  EXPECT_EQ(machine_id().size(), 32u);
  EXPECT_EQ(machine_id(), machine_id());
  const auto published = read_file("/etc/machine-id", 100);
  if (published) {
    EXPECT_NE(published->substr(0, 32), machine_id()) << "the machine id itself is confidential";
  }
  EXPECT_FALSE(host_name().empty());
  EXPECT_NE(random_uuid(), random_uuid());
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(Host, LetsThisProcessOpenAllItMay) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit low{256, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), std::min<rlim_t>(limit.rlim_max, 1 << 20));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(Signals, ArriveAsEventsOnceBlocked) {
  std::thread([] {
    block_signals({SIGUSR1});
    SignalFd signals({SIGUSR1});
    EXPECT_FALSE(signals.next().has_value());
    ::pthread_kill(::pthread_self(), SIGUSR1);
    EXPECT_EQ(signals.next(), SIGUSR1);
    EXPECT_FALSE(signals.next().has_value());
  }).join();
}

TEST(Log, WritesOneUtcLinePerCallAndShowsControlCharacters) {
  const test::ScratchDir scratch;
  LogOptions options;
  options.level = LogLevel::error;
  options.file = scratch / "log";
  start_logging(options);
  log_info("worker {} joined", "evil\nname\x1B[2J");
  log_debug("{}", 7);
  start_logging({});
  const std::string log = *read_file(scratch / "log", 10000);
  const std::string time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
  EXPECT_TRUE(std::regex_match(
      log, std::regex(time + " info worker evil\\\\x0Aname\\\\x1B\\[2J joined\n" + time + " debug 7\n")))
      << log;
}

TEST(Log, StaysWithinItsFiles) {
  const test::ScratchDir scratch;
  LogOptions options;
  options.level = LogLevel::error;
  options.file = scratch / "log";
  options.file_bytes_max = 4096;
  options.files = 2;
  start_logging(options);
  for (int i = 0; i < 500; ++i) log_info("{:0100d}", i);
  start_logging({});
  std::uintmax_t total = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path())) total += entry.file_size();
  EXPECT_LE(total, 2u * 4096u);
  EXPECT_GT(total, 4096u);
}

TEST(Log, ThatCannotBeWrittenStopsTheStart) {
  LogOptions options;
  options.file = "/dev/null/log";
  EXPECT_THROW(start_logging(options), StartupError);
}

}  // namespace
}  // namespace ocrs
