package io.github.consistencydecoder.server.request;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Base64;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/** The body of older clients: {@code {"inputs": "<base64>"}}; other members are passed over. */
public final class Base64Body {
  private static final int DEEPEST = 8;
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  // The body's own limit has been applied to the whole of it.
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private Base64Body() {}

  /**
   * The bytes that the text stands for.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static ByteBuffer inputs(ByteBuffer body) throws ServiceException {
    String text = null;
    InputStream in =
        new java.io.ByteArrayInputStream(
            body.array(), body.arrayOffset() + body.position(), body.remaining());
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), in)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          JsonToken value = parser.nextToken();
          if (name.equals("inputs") && value == JsonToken.VALUE_STRING) {
            text = parser.getString();
          } else {
            parser.skipChildren();
          }
        }
      }
    } catch (JacksonException e) {
      throw ServiceException.invalid("body", "is not JSON, or nested too deeply");
    }
    if (text == null) {
      throw ServiceException.invalid("body", "an object with the text \"inputs\" is needed");
    }
    try {
      return ByteBuffer.wrap(Base64.getDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw ServiceException.invalid("body", "\"inputs\" is not base64");
    }
  }
}
