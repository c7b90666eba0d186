// TIFF directories and EXIF blocks: TIFF 6.0 (Adobe, 1992), sections 2 and 8, and its ExtraSamples tag.
#include <set>

#include "worker/pipeline/header_bytes.hpp"

namespace ocrs {
namespace {

enum Tag : std::uint32_t {
  tag_subfile_type = 254,
  tag_width = 256,
  tag_height = 257,
  tag_bits = 258,
  tag_compression = 259,
  tag_strip_offsets = 273,
  tag_orientation = 274,
  tag_samples = 277,
  tag_strip_lengths = 279,
  tag_x_resolution = 282,
  tag_resolution_unit = 296,
  tag_tile_offsets = 324,
  tag_tile_lengths = 325,
  tag_extra_samples = 338,
};

struct Directory {
  FrameHeader frame;
  bool page = true;  // not a thumbnail or a mask
  std::uint32_t next = 0;
  std::uint64_t offsets_entry = 0, lengths_entry = 0;  // of its strips or tiles; 0 = none
};

/// The i-th value of a SHORT or LONG field; they stand in the entry itself unless they are longer than 4 bytes.
std::uint32_t value_of(HeaderBytes& bytes, std::uint64_t entry, std::uint64_t i) {
  constexpr std::uint32_t type_short = 3;
  const std::uint64_t size = bytes.u16(entry + 2) == type_short ? 2 : 4;
  const std::uint64_t at = bytes.u32(entry + 4) * size <= 4 ? entry + 8 : bytes.u32(entry + 8);
  return size == 2 ? bytes.u16(at + 2 * i) : bytes.u32(at + 4 * i);
}
std::uint32_t first_value(HeaderBytes& bytes, std::uint64_t entry) { return value_of(bytes, entry, 0); }

/// libtiff would leave missing strips black and say nothing that OpenCV passes on.
bool has_its_data(HeaderBytes& bytes, const Directory& directory) {
  if (directory.offsets_entry == 0 || directory.lengths_entry == 0) return true;  // the decoder will judge
  const std::uint64_t count = bytes.u32(directory.offsets_entry + 4);
  if (count != bytes.u32(directory.lengths_entry + 4)) return true;
  for (std::uint64_t i = 0; i < count && bytes.ok(); ++i) {
    const std::uint64_t offset = value_of(bytes, directory.offsets_entry, i);
    if (offset + value_of(bytes, directory.lengths_entry, i) > bytes.size()) return false;
  }
  return bytes.ok();
}

Directory read_directory(HeaderBytes& bytes, std::uint32_t offset) {
  Directory directory;
  FrameHeader& frame = directory.frame;
  frame.offset = offset;
  double resolution = 0;
  std::uint32_t unit = 2, extra_count = 0, extra = 0;
  const std::uint64_t entries = bytes.u16(offset);
  for (std::uint64_t i = 0; i < entries && bytes.ok(); ++i) {
    const std::uint64_t entry = offset + std::uint64_t{2} + 12 * i;
    switch (bytes.u16(entry)) {
      case tag_subfile_type:
        directory.page = (first_value(bytes, entry) & 5) == 0;
        break;
      case tag_width:
        frame.width = first_value(bytes, entry);
        break;
      case tag_height:
        frame.height = first_value(bytes, entry);
        break;
      case tag_bits:
        frame.bits = static_cast<int>(first_value(bytes, entry) & 0xffff);
        break;
      case tag_compression:
        frame.compressed = first_value(bytes, entry) != 1;
        break;
      case tag_orientation: {
        const std::uint32_t value = first_value(bytes, entry);
        if (value >= 1 && value <= 8) frame.orientation = static_cast<int>(value);
        break;
      }
      case tag_samples:
        frame.samples = static_cast<int>(first_value(bytes, entry) & 0xffff);
        break;
      case tag_x_resolution: {
        const std::uint64_t at = bytes.u32(entry + 8);
        const double over = bytes.u32(at), under = bytes.u32(at + 4);
        if (under > 0) resolution = over / under;
        break;
      }
      case tag_resolution_unit:
        unit = first_value(bytes, entry);
        break;
      case tag_strip_offsets:
      case tag_tile_offsets:
        directory.offsets_entry = entry;
        break;
      case tag_strip_lengths:
      case tag_tile_lengths:
        directory.lengths_entry = entry;
        break;
      case tag_extra_samples:
        extra_count = bytes.u32(entry + 4);
        extra = first_value(bytes, entry);
        break;
      default:
        break;
    }
  }
  directory.next = bytes.u32(offset + std::uint64_t{2} + 12 * entries);
  frame.dpi = plausible_dpi(unit == 3 ? resolution * 2.54 : unit == 2 ? resolution : 0);
  if (extra_count == 1 && extra == 1) frame.alpha = Alpha::premultiplied;
  if (extra_count == 1 && extra == 2) frame.alpha = Alpha::straight;
  return directory;
}

}  // namespace

Result<ImageHeader> read_tiff_header(std::string_view bytes) {
  const bool big_endian = bytes.substr(0, 1) == "M";
  HeaderBytes in(bytes, big_endian);
  if (in.u16(2) == 43) return Error{"a BigTIFF file, which is not supported: save it as a classic TIFF"};
  ImageHeader header{ImageFormat::tiff, {}, big_endian};
  std::vector<FrameHeader> others;
  std::set<std::uint32_t> seen;
  for (std::uint32_t offset = in.u32(4); offset != 0;) {
    if (!seen.insert(offset).second) return Error{"a TIFF file whose pages form a loop"};
    if (seen.size() > frames_max) return Error{"a TIFF file of more than " + std::to_string(frames_max) + " pages"};
    const Directory directory = read_directory(in, offset);
    if (!in.ok()) return Error{"the TIFF file ends inside the directory of page " + std::to_string(seen.size())};
    if (directory.frame.width == 0 || directory.frame.height == 0) {
      return Error{"page " + std::to_string(seen.size()) + " of the TIFF file has no width or height"};
    }
    if (!has_its_data(in, directory)) {
      return Error{"the TIFF file ends inside the data of page " + std::to_string(seen.size())};
    }
    (directory.page ? header.frames : others).push_back(directory.frame);
    offset = directory.next;
  }
  if (header.frames.empty() && !others.empty()) header.frames.push_back(others.front());
  if (header.frames.empty()) return Error{"a TIFF file without a page"};
  return header;
}

ExifTags read_exif(std::string_view exif) {
  const bool big_endian = exif.substr(0, 2) == "MM";
  if (!big_endian && exif.substr(0, 2) != "II") return {};
  HeaderBytes in(exif, big_endian);
  const std::uint32_t offset = in.u32(4);
  if (in.u16(2) != 42 || offset == 0) return {};
  // A damaged block still gives what was read before the damage, as EXIF readers do.
  const Directory directory = read_directory(in, offset);
  return {directory.frame.orientation, directory.frame.dpi};
}

}  // namespace ocrs
