#include "worker/io/evaluator.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "common/core/codec.hpp"
#include "common/io/frame_stream.hpp"
#include "common/io/memory_file.hpp"
#include "worker/io/evaluator_process.hpp"
#include "worker/io/page_evaluator.hpp"
#include "worker/io/process_memory.hpp"
#include "worker/io/tesseract_engine.hpp"
#include "worker/pipeline/page_decoder.hpp"

namespace ocrs {
namespace {

/// Largest image file; what it may decode to is limited by max_pixels.
constexpr std::size_t file_bytes_max = std::size_t{4} * 1024 * 1024 * 1024;

/// The socket is gone, nobody hears the rest. Thrown by reports so that it ends an evaluation under way.
struct PeerGone {
  std::string why;
};

class Evaluator {
 public:
  explicit Evaluator(int socket) : socket_(socket) {}

  int run() {
    report(Ready{engine_versions()});
    for (;;) {
      Result<std::optional<Frame>> frame = read_frame(socket_);
      if (!frame.ok()) return end_with(frame.error().text);
      if (!frame->has_value()) return 0;
      const Result<EvaluatorCommand> command = decode_evaluator_command((*frame)->bytes);
      if (!command.ok()) return end_with(command.error().text);
      if (std::holds_alternative<Quit>(*command)) return 0;
      carry_out(*command, (*frame)->descriptor);
    }
  }

  void report(const EvaluatorReport& report) {
    if (const Result<void> written = write_frame(socket_, encode(report)); !written)
      throw PeerGone{written.error().text};
  }

 private:
  int end_with(const std::string& why) {
    report(Problem{why, true});
    return 1;
  }

  void complain(const std::string& why) { report(Problem{why, false}); }

  /// Whatever a library throws is told as a problem; the next command finds the evaluator in order.
  void carry_out(const EvaluatorCommand& command, const UniqueFd& descriptor) {
    try {
      std::visit([&](const auto& one) { on(one, descriptor); }, command);
    } catch (const PeerGone&) {
      throw;
    } catch (const std::bad_alloc&) {
      complain("not enough memory for a command");
    } catch (const std::exception& error) {
      complain(std::string("a command could not be carried out: ") + error.what());
    }
  }

  void on(const Prepare& command, const UniqueFd&) {
    pages_.reset();
    if (command.screening.scores != score_version) {
      return complain("the screening wants score version " + std::to_string(command.screening.scores) +
                      ", this evaluator has version " + std::to_string(score_version));
    }
    const EngineOptions& engine = command.screening.engine;
    const TesseractSettings settings{command.tessdata, engine.oem, engine.invert};
    pages_.emplace(
        command.screening, [settings](const EngineKey& key) { return start_tesseract(settings, key); },
        [this](const EvaluatorReport& one) { report(one); });
  }

  void on(const LoadPage& command, const UniqueFd& descriptor) {
    if (!pages_) return complain("a page without a screening");
    pages_->unload();
    Result<MemoryView> file = MemoryView::map(descriptor.get(), file_bytes_max);
    if (!file.ok()) return complain("page " + std::to_string(command.page.value) + ": " + file.error().text);
    const Result<void> loaded = pages_->load(command.page, std::move(file).value(), command.ground_truth);
    if (!loaded) complain(loaded.error().text);
  }

  void on(const Evaluate& command, const UniqueFd&) {
    const Result<void> done =
        pages_ ? pages_->evaluate(command) : Result<void>(Error{"points to evaluate without a screening"});
    if (!done) complain(done.error().text);
    report(EvaluateDone{command.batch, resident_bytes(), peak_resident_bytes()});
  }

  void on(const Preview& command, const UniqueFd&) {
    if (!pages_) return complain("a preview without a screening");
    report(pages_->preview(command));
  }

  void on(const Render& command, const UniqueFd&) {
    if (!pages_) return complain("a document without a screening");
    Result<PageEvaluator::Rendering> rendering = pages_->render(command);
    if (!rendering.ok()) return complain(rendering.error().text);
    if (rendering->result.failure) return report(Rendered{rendering->result});
    Result<UniqueFd> bytes = make_memory_file(rendering->bytes, "ocrs-document");
    if (!bytes.ok()) return complain("a document could not be handed over: " + bytes.error().text);
    if (const Result<void> written =
            write_frame(socket_, encode(EvaluatorReport(Rendered{rendering->result})), bytes->get());
        !written) {
      throw PeerGone{written.error().text};
    }
  }

  void on(const DescribePage& command, const UniqueFd& descriptor) {
    PageDescription description;
    try {
      const Result<MemoryView> file = MemoryView::map(descriptor.get(), file_bytes_max);
      if (file.ok()) {
        description = describe_page(file->bytes(), command.max_pixels);
      } else {
        description.error = file.error().text;
      }
    } catch (const std::bad_alloc&) {
      description = {};
      description.error = "not enough memory to decode it";
    } catch (const std::exception& error) {
      description = {};
      description.error = error.what();
    }
    if (!description.error.empty()) description.error = command.name + ": " + description.error;
    report(description);
  }

  void on(const CheckModels& command, const UniqueFd&) {
    ModelsChecked checked;
    try {
      const Result<void> models = check_models(command.tessdata, command.languages, command.oem);
      if (!models) checked.error = models.error().text;
    } catch (const std::exception& error) {
      checked.error = std::string("the models could not be loaded: ") + error.what();
    }
    report(checked);
  }

  void on(const Quit&, const UniqueFd&) {}  // ends run()

  int socket_;
  std::optional<PageEvaluator> pages_;
};

}  // namespace

int run_evaluator(int socket) {
  const Result<void> fit = set_up_evaluator_process();
  if (!fit) {
    // The exit code tells it too if nobody listens.
    (void)write_frame(socket, encode(EvaluatorReport(Problem{fit.error().text, true})));
    return 2;
  }
  try {
    return Evaluator(socket).run();
  } catch (const PeerGone&) {
    return 1;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

}  // namespace ocrs
