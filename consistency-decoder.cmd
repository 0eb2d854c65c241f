@echo off
rem Runs the command; packaging\launcher.ps1 builds it first if its sources are not those it was last built of.
rem JAVA_HOME: a JDK of 17 or later. CONSISTENCY_DECODER_JAVA_OPTS, CONSISTENCY_DECODER_MAVEN_OPTS: more options.
rem CONSISTENCY_DECODER_PLUGINS: more for the class path, separated by semicolons.
setlocal
set "ROOT=%~dp0"
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
set "BUILT="
for /f "usebackq delims=" %%D in (`powershell -NoProfile -ExecutionPolicy Bypass -File "%ROOT%packaging\launcher.ps1"`) do set "BUILT=%%D"
if not defined BUILT exit /b 1
rem Builds of ONNX Runtime that send what they are used for do not when told so before they start.
set "ORT_DISABLE_TELEMETRY=1"
set "APP=%ROOT%.launcher\app-%BUILT%"
set "PARTS="
if exist "%APP%\cuda13" set "PARTS=-Donnxruntime.native.path="%APP%\cuda13""
rem An empty element would stand for the current folder.
set "PLUGINS="
if defined CONSISTENCY_DECODER_PLUGINS set "PLUGINS=;%CONSISTENCY_DECODER_PLUGINS%;"
:plugins
if defined PLUGINS if not "%PLUGINS:;;=;%"=="%PLUGINS%" set "PLUGINS=%PLUGINS:;;=;%" & goto plugins
if defined PLUGINS set "PLUGINS=%PLUGINS:~0,-1%"
set "NATIVE="
if exist "%JAVA_HOME%\release" findstr /r /c:"JAVA_VERSION=.2[2-9]" /c:"JAVA_VERSION=.[3-9][0-9]" "%JAVA_HOME%\release" >nul && set "NATIVE=--enable-native-access=ALL-UNNAMED"
"%JAVA%" -XX:+UseSerialGC -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000 -XX:-UsePerfData %NATIVE% %PARTS% %CONSISTENCY_DECODER_JAVA_OPTS% -cp "%APP%\cli.jar;%APP%\lib\*%PLUGINS%" io.github.consistencydecoder.cli.Main %*
exit /b %ERRORLEVEL%
