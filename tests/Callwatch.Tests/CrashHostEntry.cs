using System.Runtime.CompilerServices;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;

namespace Callwatch.Tests;

internal static class CrashHostEntry
{
    // Before the test runner's own start: in a process that is to be killed no test must run.
    [ModuleInitializer]
    internal static void Enter()
    {
        CrashHost.RunIfAsked();
        LaneCrashHost.RunIfAsked();
    }
}
