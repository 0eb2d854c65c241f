package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.compare.report.CropFinder;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.Region;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses the parts of a picture that are shown enlarged.
 *
 * @param given by hand; if there are any, none is looked for
 * @param count how many to look for
 * @param side of those, in pixels; 0 for one that suits the picture
 */
record CropChoice(List<Region> given, int count, int side) {
  CropChoice {
    given = List.copyOf(given);
  }

  /**
   * @param pictures of one size; where they differ most is where crops are looked for
   * @param notes takes a sentence for a crop that cannot be
   */
  Map<String, Region> of(List<Picture> pictures, List<String> notes) {
    int w = pictures.get(0).width();
    int h = pictures.get(0).height();
    Map<String, Region> crops = new LinkedHashMap<>();
    List<Region> regions =
        given.isEmpty()
            ? CropFinder.find(pictures, count, side > 0 ? side : CropFinder.sideFor(w, h))
            : given;
    for (Region region : regions) {
      if (region.isInside(w, h)) {
        crops.put("crop " + (crops.size() + 1), region);
      } else {
        notes.add("crop " + region + " is not inside its " + w + "x" + h + " pixels");
      }
    }
    return crops;
  }
}
