using Callwatch.Journal;
using Callwatch.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class JournalServicesTests : IDisposable
{
    private readonly TempFolder temp = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task The_host_opens_the_journal_and_answers_all_that_waits_before_it_has_stopped()
    {
        Task<AppendResult>[] waiting;
        using (var host = Host())
        {
            await host.StartAsync(Cancel);
            var journal = host.Services.GetRequiredService<IJournal>();
            Assert.True(host.Services.GetRequiredService<ICursors>().TryAdvance("reader", null, new Position(journal.Epoch, 0)));
            waiting = [.. Enumerable.Range(0, 20).Select(i => journal.AppendAsync([TestJournal.Entry($"{i}")], CancellationToken.None).AsTask())];
            await host.StopAsync(Cancel);
            Assert.All(await Task.WhenAll(waiting), result => Assert.IsType<AppendResult.Stored>(result));
        }

        using (var host = Host())
        {
            await host.StartAsync(Cancel);
            var journal = host.Services.GetRequiredService<IJournal>();
            Assert.Equal(20, journal.Head.Number);
            Assert.Equal(new Position(journal.Epoch, 0), host.Services.GetRequiredService<ICursors>().Find("reader"));
            await host.StopAsync(Cancel);
        }
    }

    [Theory]
    [InlineData("SegmentBytes", "100")]
    [InlineData("MaxAge", "00:00:00")]
    [InlineData("MinFreePercent", "100")]
    [InlineData("QueueCount", "0")]
    public async Task A_setting_out_of_range_stops_the_start_and_is_named(string name, string value)
    {
        using var host = Host((name, value));
        var refused = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => host.StartAsync(Cancel));
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp.At("data", "journal")));
    }

    private IHost Host(params (string Name, string Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([
            new($"{CallwatchOptions.Section}:Data", temp.At("data")),
            .. settings.Select(setting => new KeyValuePair<string, string?>($"{JournalOptions.Section}:{setting.Name}", setting.Value)),
        ]);
        builder.Services.AddLogging();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<Telemetry.Counters>();
        builder.Services.AddOptions<CallwatchOptions>().BindConfiguration(CallwatchOptions.Section);
        builder.Services.AddSingleton(provider => DataFolder.Open(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.Data));
        builder.Services.AddJournal();
        return builder.Build();
    }
}
