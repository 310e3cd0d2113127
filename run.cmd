@echo off
rem TuneDesk for Windows: finds a Python 3.11 or newer; packaging\bootstrap.py does the rest.
setlocal
set "bootstrap=%~dp0packaging\bootstrap.py"
if not exist "%~dp0.venv\stamp.json" goto find
if not exist "%~dp0.venv\Scripts\python.exe" goto find
"%~dp0.venv\Scripts\python.exe" -I -S "%bootstrap%" %*
exit /b %errorlevel%

:find
where py >nul 2>nul
if errorlevel 1 goto plain
py -3 -I "%bootstrap%" %*
exit /b %errorlevel%

:plain
where python >nul 2>nul
if errorlevel 1 goto none
python -I "%bootstrap%" %*
exit /b %errorlevel%

:none
echo TuneDesk needs Python 3.11 or newer: install it from python.org, then start run.cmd again. 1>&2
exit /b 2
