package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.core.DecodeService;
import io.github.consistencydecoder.server.core.ModelStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The models and limits of a service, for the page and for whoever asks. */
final class Models {
  private Models() {}

  static Map<String, Object> document(DecodeService service) {
    List<Map<String, Object>> models = new ArrayList<>();
    for (ModelStatus status : service.models()) {
      Map<String, Object> model = new LinkedHashMap<>();
      model.put("name", status.name());
      model.put("ready", status.ready());
      model.put("reason", status.reason());
      model.put("encodes", status.encodes());
      status
          .info()
          .ifPresent(
              info -> {
                model.put("decoder", info.provider());
                model.put("digest", info.digest());
                model.put("device", info.device());
              });
      models.add(model);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("readiness", service.readiness().name().toLowerCase(Locale.ROOT));
    document.put("models", models);
    document.put("max_pixels", service.limits().maxPixels());
    document.put("max_batch", service.limits().maxBatch());
    return document;
  }
}
