# What consistency-decoder.cmd asks before each start: prints the digest of the build to run, .launcher\app-DIGEST, which is made if it is
# not there. The same as the launcher for other systems does; see docs/adr/0045-the-launcher-builds-beside-what-runs.md.
$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot
$launcher = Join-Path $root '.launcher'
$options = "$env:CONSISTENCY_DECODER_MAVEN_OPTS"

function Say([string] $line) {
  [Console]::Error.WriteLine($line)
}

function Get-Modules([string] $folder) {
  Get-ChildItem -LiteralPath $folder -Directory | Where-Object { Test-Path -LiteralPath (Join-Path $_.FullName 'pom.xml') }
}

# The POMs and main sources, without those that the command does not need. Hidden files and copies are an editor's.
function Get-Sources([string] $folder) {
  Get-Item -LiteralPath (Join-Path $folder 'pom.xml')
  foreach ($module in Get-Modules $folder) {
    Get-Item -LiteralPath (Join-Path $module.FullName 'pom.xml')
    $main = Join-Path $module.FullName 'src\main'
    if ($module.Name -ne 'benchmarks' -and (Test-Path -LiteralPath $main)) {
      Get-ChildItem -LiteralPath $main -Recurse -File | Where-Object { $_.Name -notlike '.*' -and $_.Name -notlike '*~' }
    }
  }
}

# Of the sources' names and content, and of the build's options.
function Get-Digest([string] $folder) {
  $sha = [Security.Cryptography.SHA256]::Create()
  $text = New-Object Text.StringBuilder
  foreach ($file in (Get-Sources $folder | Sort-Object -Property FullName)) {
    $hash = [BitConverter]::ToString($sha.ComputeHash([IO.File]::ReadAllBytes($file.FullName)))
    [void] $text.Append($file.FullName.Substring($folder.Length)).Append(' ').Append($hash).Append("`n")
  }
  [void] $text.Append($options)
  $all = $sha.ComputeHash([Text.Encoding]::UTF8.GetBytes($text.ToString()))
  [BitConverter]::ToString($all, 0, 8).Replace('-', '').ToLowerInvariant()
}

# The builds with these options, the newest first.
function Get-Builds {
  Get-ChildItem -LiteralPath $launcher -Directory -Filter 'app-*' |
    Where-Object {
      $file = Join-Path $_.FullName 'options'
      (Test-Path -LiteralPath $file) -and [IO.File]::ReadAllText($file) -eq $options
    } |
    Sort-Object -Property CreationTimeUtc -Descending
}

function Copy-Sources([string] $to) {
  Copy-Item -LiteralPath (Join-Path $root 'pom.xml') -Destination $to
  $maven = Join-Path $root '.mvn'
  if (Test-Path -LiteralPath $maven) { Copy-Item -LiteralPath $maven -Destination $to -Recurse }
  foreach ($module in Get-Modules $root) {
    $copy = Join-Path $to $module.Name
    [void] (New-Item -ItemType Directory -Path (Join-Path $copy 'src'))
    Copy-Item -LiteralPath (Join-Path $module.FullName 'pom.xml') -Destination $copy
    $main = Join-Path $module.FullName 'src\main'
    if (Test-Path -LiteralPath $main) { Copy-Item -LiteralPath $main -Destination (Join-Path $copy 'src') -Recurse }
  }
}

# Runs Maven on the copy and says which module it is at; whether it succeeded.
function Invoke-Maven([string] $work, [string] $log) {
  if (-not $env:MAVEN_OPTS) { $env:MAVEN_OPTS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' }
  $arguments = @('-f', (Join-Path $work 'pom.xml'), '-B', '-Plauncher', '-pl', 'cli', '-am')
  $arguments += @($options -split '\s+' | Where-Object { $_ }) + 'package'
  $writer = New-Object IO.StreamWriter $log
  # A line on standard error is no error of this script.
  $ErrorActionPreference = 'Continue'
  & mvn @arguments 2>&1 | ForEach-Object {
    $writer.WriteLine("$_")
    if ("$_" -match '^\[INFO\] Building (\S+) .*\[(\d+/\d+)\]$') { Say "  $($Matches[2]) $($Matches[1])" }
  }
  $succeeded = $LASTEXITCODE -eq 0
  $writer.Close()
  return $succeeded
}

# Makes the build of the sources as they are now; its digest, or that of the former one where it fails.
function New-Build {
  $work = Join-Path $launcher "build.$PID"
  $log = Join-Path $launcher 'build.log'
  $former = Get-Builds | Select-Object -First 1
  [void] (New-Item -ItemType Directory -Path $work)
  try {
    Copy-Sources $work
    $wanted = Get-Digest $work
    Say 'building consistency-decoder, which takes a minute the first time ..'
    if (-not (Invoke-Maven $work $log)) {
      Get-Content -LiteralPath $log -Tail 40 | ForEach-Object { Say $_ }
      if (-not $former) { throw "the build failed; all of its output is in $log" }
      Set-Content -LiteralPath (Join-Path $launcher 'failed') -Value $wanted
      Say "warning: the build failed, all of its output is in $log; this is the one before the last change of the sources"
      return $former.Name.Substring(4)
    }
    $target = Join-Path $work 'cli\target'
    $app = Join-Path $work 'app'
    [void] (New-Item -ItemType Directory -Path $app)
    foreach ($part in 'cli.jar', 'lib', 'cuda13') {
      $built = Join-Path $target $part
      if (Test-Path -LiteralPath $built) { Move-Item -LiteralPath $built -Destination $app }
    }
    [IO.File]::WriteAllText((Join-Path $app 'options'), $options)
    $named = Join-Path $launcher "app-$wanted"
    if (-not (Test-Path -LiteralPath $named)) { Move-Item -LiteralPath $app -Destination $named }
    # Windows renames no folder of which a file is open: what runs is kept.
    foreach ($old in Get-ChildItem -LiteralPath $launcher -Directory -Filter 'app-*') {
      if ($old.FullName -eq $named -or ($former -and $old.FullName -eq $former.FullName)) { continue }
      try { Move-Item -LiteralPath $old.FullName -Destination (Join-Path $work $old.Name) } catch { continue }
    }
    return $wanted
  } finally {
    Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue
  }
}

# The digest of a build that is there for the sources as they are; nothing if one has to be made.
function Find-Build {
  $wanted = Get-Digest $root
  if (Test-Path -LiteralPath (Join-Path $launcher "app-$wanted\cli.jar")) { return $wanted }
  $failed = Join-Path $launcher 'failed'
  $former = Get-Builds | Select-Object -First 1
  if ($former -and (Test-Path -LiteralPath $failed) -and (Get-Content -LiteralPath $failed -TotalCount 1) -eq $wanted) {
    Say "warning: this is the build before the last change of the sources, whose own build failed; remove $failed to try again"
    return $former.Name.Substring(4)
  }
}

try {
  [void] (New-Item -ItemType Directory -Force -Path $launcher)
  $built = Find-Build
  $waiting = $false
  while (-not $built) {
    try {
      $lock = [IO.File]::Open((Join-Path $launcher 'lock'), 'OpenOrCreate', 'ReadWrite', 'None')
    } catch [IO.IOException] {
      if (-not $waiting) { Say 'another start is building consistency-decoder, waiting ..' }
      $waiting = $true
      Start-Sleep -Milliseconds 200
      continue
    }
    try {
      $built = Find-Build
      if (-not $built) { $built = New-Build }
    } finally {
      $lock.Close()
    }
  }
  [Console]::Out.WriteLine($built)
} catch {
  Say "error: $($_.Exception.Message)"
  exit 1
}
