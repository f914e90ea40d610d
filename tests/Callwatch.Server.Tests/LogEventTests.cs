using System.Reflection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Server.Tests;

/// <summary>An operator who filters by event id gets one thing.</summary>
public sealed class LogEventTests
{
    [Fact]
    public void No_two_log_messages_share_an_event_id()
    {
        var events = Assemblies().SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Select(method => (Method: $"{method.DeclaringType}.{method.Name}", Event: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(found => found.Event is not null).ToList();
        Assert.InRange(events.Count, 40, 1_000);
        Assert.Contains(events, found => found.Method.StartsWith("Callwatch.Client.", StringComparison.Ordinal));
        Assert.All(events, found => Assert.InRange(found.Event!.EventId, 100, 999));
        Assert.Empty(events.GroupBy(found => found.Event!.EventId).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(found => found.Method))}"));
    }

    private static IEnumerable<Assembly> Assemblies() => [typeof(DataFolder).Assembly, typeof(CallwatchServer).Assembly, typeof(Callwatch.Client.CallwatchSource).Assembly, typeof(Callwatch.Dashboard.DashboardServices).Assembly, typeof(Callwatch.Cli.Commands.ServerOptions).Assembly];
}
