// What a worker keeps on disk: its folder, the page cache, the spool.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "common/io/file.hpp"
#include "common/io/hash.hpp"
#include "common/io/host.hpp"
#include "common/io/memory_file.hpp"
#include "tests/support/scratch_dir.hpp"
#include "worker/io/page_store.hpp"
#include "worker/io/spool.hpp"
#include "worker/io/state_folder.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

void overwrite(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::trunc) << text; }

// ---- state folder ----

TEST(StateFolder, EveryWorkerOfAHostHasAFolderAndAUuidOfItsOwn) {
  const test::ScratchDir dir;
  const StateFolder first = StateFolder::open(dir.path());
  const StateFolder second = StateFolder::open(dir.path());
  EXPECT_EQ(first.path(), dir.path() / machine_id() / "0");
  EXPECT_EQ(second.path(), dir.path() / machine_id() / "1");
  EXPECT_NE(first.uuid(), second.uuid());
  EXPECT_EQ(mode_of(first.path()), 0700U);
}

TEST(StateFolder, AWorkerThatStartsAgainIsTheSameWorker) {
  const test::ScratchDir dir;
  const WorkerUuid uuid = StateFolder::open(dir.path()).uuid();
  EXPECT_EQ(StateFolder::open(dir.path()).uuid(), uuid);
}

TEST(StateFolder, AFolderThatCannotBeMadeStopsTheStartAndIsNamed) {
  const test::ScratchDir dir;
  overwrite(dir / "file", "in the way");
  try {
    (void)StateFolder::open(dir / "file");
    FAIL() << "started without a folder";
  } catch (const StartupError& error) {
    EXPECT_NE(std::string(error.what()).find((dir / "file").string()), std::string::npos) << error.what();
  }
}

// ---- page store ----

class PageStoreTest : public testing::Test {
 protected:
  fs::path page_file(const ContentHash& hash) const { return dir_.path() / "pages" / to_hex(hash); }
  test::ScratchDir dir_;
};

TEST_F(PageStoreTest, HandsOutTheBytesItWasGiven) {
  PageStore store(dir_.path(), 1 << 20);
  const ContentHash hash = hash_bytes("a page");
  EXPECT_FALSE(store.has(hash));
  ASSERT_TRUE(store.add(hash, "a page").ok());
  EXPECT_TRUE(store.has(hash));
  const Result<UniqueFd> file = store.open(hash);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(MemoryView::map(file->get(), 100)->bytes(), "a page");
  EXPECT_EQ(*store.read(hash, 100), "a page");
  EXPECT_EQ(mode_of(dir_.path() / "pages"), 0700U);
}

TEST_F(PageStoreTest, BytesOfAnotherHashNeverGetTheName) {
  PageStore store(dir_.path(), 1 << 20);
  const ContentHash hash = hash_bytes("a page");
  const Result<void> added = store.add(hash, "another page");
  ASSERT_FALSE(added.ok());
  EXPECT_NE(added.error().text.find(to_hex(hash)), std::string::npos);
  EXPECT_FALSE(fs::exists(page_file(hash)));
  EXPECT_TRUE(fs::is_empty(dir_.path() / "tmp"));
}

TEST_F(PageStoreTest, ADamagedPageIsNeitherFoundNorHandedOut) {
  const ContentHash hash = hash_bytes("a page");
  {
    PageStore store(dir_.path(), 1 << 20);
    ASSERT_TRUE(store.add(hash, "a page").ok());
  }
  overwrite(page_file(hash), "a pagE");
  PageStore again(dir_.path(), 1 << 20);
  EXPECT_FALSE(again.has(hash));
  EXPECT_FALSE(fs::exists(page_file(hash))) << "so that it is fetched again";

  ASSERT_TRUE(again.add(hash, "a page").ok());
  overwrite(page_file(hash), "b page");
  const Result<UniqueFd> file = again.open(hash);
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().text.find(to_hex(hash)), std::string::npos);
}

TEST_F(PageStoreTest, WhatAnInterruptedFetchLeftIsGoneAfterAStart) {
  { PageStore store(dir_.path(), 1 << 20); }
  overwrite(dir_.path() / "tmp" / "half", "half a page");
  PageStore store(dir_.path(), 1 << 20);
  EXPECT_TRUE(fs::is_empty(dir_.path() / "tmp"));
}

TEST_F(PageStoreTest, TheLeastRecentlyUsedPagesLeaveWhenTheLimitIsPassed) {
  PageStore store(dir_.path(), 250);
  std::vector<ContentHash> hashes;
  for (int i = 0; i < 2; ++i) {
    const std::string page(100, static_cast<char>('a' + i));
    hashes.push_back(hash_bytes(page));
    ASSERT_TRUE(store.add(hashes.back(), page).ok());
    fs::last_write_time(page_file(hashes.back()), fs::file_time_type::clock::now() - std::chrono::hours(10 - i));
  }
  ASSERT_TRUE(store.open(hashes[0]).ok());  // Used just now: the other one is the older.
  const std::string third(100, 'c');
  ASSERT_TRUE(store.add(hash_bytes(third), third).ok());
  EXPECT_TRUE(store.has(hashes[0]));
  EXPECT_FALSE(store.has(hashes[1]));
  EXPECT_TRUE(store.has(hash_bytes(third)));
  EXPECT_EQ(store.page_bytes(), 200U);
}

TEST_F(PageStoreTest, LaysOutModelsThatOutliveThePages) {
  PageStore store(dir_.path(), 1 << 20);
  const ContentHash eng = hash_bytes("english"), page = hash_bytes("a page");
  ASSERT_TRUE(store.add(eng, "english").ok());
  ASSERT_TRUE(store.add(page, "a page").ok());
  const Result<fs::path> tessdata = store.store_models({{"eng", eng, 7}});
  ASSERT_TRUE(tessdata.ok());
  EXPECT_EQ(*read_file(*tessdata / "eng.traineddata", 100), "english");
  store.drop_pages();
  EXPECT_FALSE(store.has(page));
  EXPECT_TRUE(store.has(eng)) << "the next screening need not fetch it";
  EXPECT_TRUE(store.store_models({{"eng", eng, 7}}).ok());
}

TEST_F(PageStoreTest, AModelsNameCannotLeaveItsFolder) {
  PageStore store(dir_.path(), 1 << 20);
  const ContentHash hash = hash_bytes("model");
  ASSERT_TRUE(store.add(hash, "model").ok());
  for (const char* name : {"../../evil", "/etc/evil", ""}) {
    EXPECT_FALSE(store.store_models({{name, hash, 5}}).ok()) << name;
  }
}

// ---- spool ----

ContentHash run_of(std::uint8_t number) {
  ContentHash run;
  run.bytes.fill(number);
  return run;
}

ResultMessage result_of(std::int64_t point, std::uint8_t run = 1) {
  ResultMessage message;
  message.run = run_of(run);
  message.batch = BatchId{7};
  message.result.id = {PageIndex{3}, PointIndex{point}};
  message.result.attempt = Attempt{1};
  message.result.scores.confidence = 81.25;
  message.result.backend = "cpu";
  message.reading = std::string("\0\xFF zstd", 7);
  return message;
}

std::vector<HeldEvaluation> held(std::int64_t point) { return {{{PageIndex{3}, PointIndex{point}}, Attempt{1}}}; }

TEST(Spool, GivesBackAfterARestartWhatWasNotAcknowledgedInOrder) {
  const test::ScratchDir dir;
  {
    Spool spool(dir / "spool");
    for (const std::int64_t point : {5, 1, 9, -1}) spool.write(result_of(point));
    ASSERT_TRUE(spool.flush().ok());
    spool.erase(run_of(1), held(1));
    spool.erase(run_of(2), held(9));  // Another screening's: not ours.
    ASSERT_TRUE(spool.flush().ok());
  }
  const Spool spool(dir / "spool");
  EXPECT_EQ(spool.results(), (std::vector{result_of(5), result_of(9), result_of(-1)}));
  EXPECT_EQ(mode_of(dir / "spool"), 0600U);
}

TEST(Spool, KeepsEveryFlushedResultOfAKilledWorker) {
  const test::ScratchDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    Spool spool(dir / "spool");
    for (std::int64_t point = 0; point < 20; ++point) {
      spool.write(result_of(point));
      if (!spool.flush()) ::_exit(1);
    }
    spool.write(result_of(20));
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(Spool(dir / "spool").results().size(), 20U);
}

TEST(Spool, ACutOrDamagedEndCostsOnlyWhatItHolds) {
  const test::ScratchDir dir;
  {
    Spool spool(dir / "spool");
    for (const std::int64_t point : {1, 2, 3}) spool.write(result_of(point));
    ASSERT_TRUE(spool.flush().ok());
  }
  const std::string whole = *read_file(dir / "spool", 1 << 20);
  for (std::size_t cut = whole.size() % 97; cut <= whole.size(); cut += 97) {
    overwrite(dir / "spool", whole.substr(0, cut));
    const std::size_t kept = Spool(dir / "spool").size();
    // Three records of equal length behind a heading of ten bytes.
    EXPECT_EQ(kept, cut < 10 ? 0 : (cut - 10) / ((whole.size() - 10) / 3)) << "cut at " << cut;
  }
  std::string damaged = whole;
  damaged[whole.size() - 5] = static_cast<char>(damaged[whole.size() - 5] ^ 1);
  overwrite(dir / "spool", damaged);
  EXPECT_EQ(Spool(dir / "spool").size(), 2U);
}

TEST(Spool, DoesNotGrowWithWhatWasAcknowledged) {
  const test::ScratchDir dir;
  Spool spool(dir / "spool");
  ResultMessage large = result_of(0);
  large.reading.assign(200'000, 'x');
  for (std::int64_t point = 0; point < 200; ++point) {
    large.result.id.point.value = point;
    spool.write(large);
    ASSERT_TRUE(spool.flush().ok());
    spool.erase(run_of(1), held(point));
  }
  ASSERT_TRUE(spool.flush().ok());
  EXPECT_LT(fs::file_size(dir / "spool"), 12U << 20) << "40 MB went through it";
  EXPECT_EQ(spool.size(), 0U);
}

TEST(Spool, AFailedWriteIsToldAndForgetsNothing) {
  const test::ScratchDir dir;
  Spool spool(dir / "spool");
  spool.write(result_of(1));
  ASSERT_TRUE(spool.flush().ok());
  // A full disk: the next record goes in by half.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{fs::file_size(dir / "spool") + 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  spool.write(result_of(2));
  const Result<void> lost = spool.flush();
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(lost.ok());
  EXPECT_NE(lost.error().text.find((dir / "spool").string()), std::string::npos);
  spool.write(result_of(3));
  EXPECT_TRUE(spool.flush().ok());
  EXPECT_EQ(Spool(dir / "spool").results(), (std::vector{result_of(1), result_of(2), result_of(3)}));
}

}  // namespace
}  // namespace ocrs
