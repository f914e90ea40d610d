using Callwatch.Control;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Journal;

public static class JournalServices
{
    /// <summary>Must stand before all stages that read the journal: it is opened first and drained last.</summary>
    public static IServiceCollection AddJournal(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<JournalOptions>, JournalOptionsValidator>();
        services.AddOptions<JournalOptions>().BindConfiguration(JournalOptions.Section).ValidateOnStart();
        services.AddSingleton(provider => new RetentionRules { Journal = provider.GetRequiredService<IOptions<JournalOptions>>().Value.MaxAge });
        services.AddSingleton(provider =>
        {
            // Not before the data folder is this process's own.
            _ = provider.GetRequiredService<DataFolder>();
            return SegmentJournal.Open(
                provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.JournalFolder,
                provider.GetRequiredService<IOptions<JournalOptions>>().Value,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<Counters>(),
                provider.GetRequiredService<ILogger<SegmentJournal>>());
        });
        services.AddSingleton<IJournal>(provider => provider.GetRequiredService<SegmentJournal>());
        services.AddSingleton(provider =>
        {
            var journal = provider.GetRequiredService<SegmentJournal>();
            return new RetentionClock(
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.ClockFile,
                () => journal.Find(journal.Head.Number)?.ReceivedAt.ToDateTimeOffset(), provider.GetRequiredService<ILogger<RetentionClock>>());
        });
        services.AddSingleton<ICursors>(provider =>
        {
            // Not before the journal: its lock keeps a second process away from the cursors too.
            _ = provider.GetRequiredService<SegmentJournal>();
            return new FileCursors(
                Path.Combine(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.JournalFolder, "cursors"),
                DiskFiles.Instance, provider.GetRequiredService<Counters>(), provider.GetRequiredService<ILogger<FileCursors>>());
        });
        services.TryAddSingleton<DataHold>();
        services.AddSingleton<ReaderChoices>();
        services.AddHostedService<JournalLife>();
        services.AddHostedService(provider =>
        {
            var (journal, options, time) = (provider.GetRequiredService<SegmentJournal>(), provider.GetRequiredService<IOptions<JournalOptions>>().Value, provider.GetRequiredService<TimeProvider>());
            var log = provider.GetRequiredService<ILogger<RetentionSweep>>();
            var clock = provider.GetRequiredService<RetentionClock>();
            var rules = provider.GetService<RetentionDesk>() is { } desk ? new KeepRules((tenant, app) => desk.For(tenant, app).Journal, () => desk.Shortest.Journal) : null;
            var sweep = new RetentionSweep(
                journal, options, provider.GetRequiredService<ICursors>(), provider.GetServices<IJournalReader>(), DiskFiles.Instance, clock,
                provider.GetRequiredService<Counters>(), log, provider.GetService<DataHold>(), rules,
                provider.GetServices<IJournalUsers>());
            return new RetentionTimer(journal, sweep, options, time, log, clock);
        });
        services.AddHostedService(provider =>
        {
            var (journal, options, time) = (provider.GetRequiredService<SegmentJournal>(), provider.GetRequiredService<IOptions<JournalOptions>>().Value, provider.GetRequiredService<TimeProvider>());
            var log = provider.GetRequiredService<ILogger<Sealer>>();
            return new SealingThread(
                journal, pace => new Sealer(journal, options, provider.GetServices<IJournalReader>(), DiskFiles.Instance, time, pace, log, provider.GetService<DataHold>()), options, time, log);
        });
        return services;
    }

    /// <summary>Opens the journal with the host, so that a folder that cannot be used stops the start; answers all that waits before the host has stopped.</summary>
    private sealed class JournalLife(SegmentJournal journal, ICursors cursors, IEnumerable<IJournalReader> readers) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            // Before anybody can send: a journal that was put back must not give numbers away that rows of a newer store already stand for.
            journal.BeginAbove(readers.Select(reader => reader.HighestNumber).Concat(cursors.All().Values.Select(place => place.Number)).Append(0).Max());
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => journal.DrainAsync().WaitAsync(cancellationToken);
    }
}
