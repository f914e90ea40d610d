using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>One server for all tests of a class; what a test makes in it has names of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
