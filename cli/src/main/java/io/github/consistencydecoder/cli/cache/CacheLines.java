package io.github.consistencydecoder.cli.cache;

import io.github.consistencydecoder.formats.io.ByteSizes;
import io.github.consistencydecoder.models.store.cache.CacheItem;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Things of a cache as lines for a person and as documents. */
final class CacheLines {
  /** A digest's beginning, which is enough to tell models apart. */
  private static final int DIGEST_CHARACTERS = "sha256:".length() + 12;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  private CacheLines() {}

  /** What it is and what is to be said of it. */
  static String first(CacheItem item) {
    return String.format(
        Locale.ROOT,
        "%-8s %9s  %s  %s%s",
        item.kind().id(),
        ByteSizes.text(item.bytes()),
        TIME.format(item.lastUse()),
        item.name(),
        remarks(item));
  }

  private static String remarks(CacheItem item) {
    List<String> remarks = new ArrayList<>();
    if (item.inUse()) {
      remarks.add("in use");
    }
    switch (item.state()) {
      case KEPT -> {}
      // Their reasons say it all.
      case ELSEWHERE, UNDER_WAY -> remarks.add(item.reason());
      case STALE, ORPHAN, LEFTOVER -> remarks.add(item.state().id() + " (" + item.reason() + ")");
    }
    return remarks.isEmpty() ? "" : "  " + String.join(", ", remarks);
  }

  /** Which model it is of; empty if that would say nothing. */
  static String second(CacheItem item) {
    if (item.kind() == CacheItem.Kind.LEFTOVER) {
      return "";
    }
    List<String> parts = new ArrayList<>();
    parts.add(item.model().isEmpty() ? "of an unknown model" : "of " + item.model());
    if (!item.digest().isEmpty()) {
      parts.add(
          item.digest().length() > DIGEST_CHARACTERS
              ? item.digest().substring(0, DIGEST_CHARACTERS)
              : item.digest());
    }
    if (!item.form().isEmpty()) {
      parts.add(item.form());
    }
    return "    " + String.join("; ", parts);
  }

  static Map<String, Object> document(CacheItem item) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("kind", item.kind().id());
    map.put("path", item.path().toString());
    map.put("bytes", item.bytes());
    map.put("last_used", item.lastUse().toString());
    map.put("state", item.state().id());
    map.put("reason", item.reason());
    map.put("model", item.model().isEmpty() ? null : item.model());
    map.put("digest", item.digest().isEmpty() ? null : item.digest());
    map.put("form", item.form().isEmpty() ? null : item.form());
    map.put("in_use", item.inUse());
    return map;
  }

  static long bytes(List<CacheItem> items) {
    return items.stream().mapToLong(CacheItem::bytes).sum();
  }
}
