package io.github.consistencydecoder.models.store.download;

import java.io.IOException;

/** A setting of the environment cannot be understood. */
final class SettingException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param cause may be null
   */
  SettingException(String setting, String found, String needed, Throwable cause) {
    super(setting + " is '" + found + "', needed " + needed, cause);
  }
}
