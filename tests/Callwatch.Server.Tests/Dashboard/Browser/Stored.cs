using Callwatch.Journal;
using Callwatch.Store;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>Waits until all that was sent can be asked for.</summary>
public static class Stored
{
    public static Task AllAsync(RunningServer server) =>
        server.Services.GetRequiredService<StoreProgress>()
            .ReachedAsync(server.Services.GetRequiredService<IJournal>().Head.Number, TestContext.Current.CancellationToken)
            .WithPatience("all that was sent is stored");
}
