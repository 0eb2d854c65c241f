@echo off
rem Runs the command; builds it first if that has not been done. After a change of the sources, delete cli\target.
rem JAVA_HOME: a JDK of 17 or later. CONSISTENCY_DECODER_JAVA_OPTS, CONSISTENCY_DECODER_MAVEN_OPTS: more options.
rem CONSISTENCY_DECODER_PLUGINS: more for the class path.
setlocal
set "ROOT=%~dp0"
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
if not exist "%ROOT%cli\target\launcher.stamp" (
  echo building consistency-decoder, which takes a minute the first time .. 1>&2
  if not exist "%ROOT%cli\target" mkdir "%ROOT%cli\target"
  call mvn -f "%ROOT%pom.xml" -B -q -DskipTests -pl cli -am %CONSISTENCY_DECODER_MAVEN_OPTS% package > "%ROOT%cli\target\launcher.log" 2>&1
  if errorlevel 1 (
    type "%ROOT%cli\target\launcher.log" 1>&2
    echo error: the build failed 1>&2
    exit /b 1
  )
  echo built> "%ROOT%cli\target\launcher.stamp"
)
rem Builds of ONNX Runtime that send what they are used for do not when told so before they start.
set "ORT_DISABLE_TELEMETRY=1"
set "PLUGINS="
if defined CONSISTENCY_DECODER_PLUGINS set "PLUGINS=;%CONSISTENCY_DECODER_PLUGINS%"
set "NATIVE="
if exist "%JAVA_HOME%\release" findstr /r /c:"JAVA_VERSION=.2[2-9]" /c:"JAVA_VERSION=.[3-9][0-9]" "%JAVA_HOME%\release" >nul && set "NATIVE=--enable-native-access=ALL-UNNAMED"
"%JAVA%" -XX:+UseSerialGC -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000 -XX:-UsePerfData %NATIVE% %CONSISTENCY_DECODER_JAVA_OPTS% -cp "%ROOT%cli\target\cli.jar;%ROOT%cli\target\lib\*%PLUGINS%" io.github.consistencydecoder.cli.Main %*
exit /b %ERRORLEVEL%
