using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Store.History;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Reindexing;
using Callwatch.Store.Repricing;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Store;

/// <summary>Registers the fourth stage; after the journal, which must be drained after it.</summary>
public static class StoreServices
{
    public static IServiceCollection AddStore(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<StoreOptions>, StoreOptionsValidator>();
        services.AddOptions<StoreOptions>().BindConfiguration(StoreOptions.Section).ValidateOnStart()
            .Validate(options => options.BatchDelay >= TimeSpan.Zero && options.BatchDelay <= TimeSpan.FromMinutes(1), StoreOptions.Section + ":BatchDelay must be between 0 and 1 min.");
        services.AddSingleton(provider =>
        {
            // Not before the data folder is this process's own.
            _ = provider.GetRequiredService<DataFolder>();
            return new StoreFolder(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.StoreFolder);
        });
        services.TryAddSingleton<SpanNormalizer>();
        services.AddSingleton<WriterThread>();
        services.AddSingleton(provider => new RowAge(provider.GetRequiredService<RetentionDesk>(), provider.GetRequiredService<RetentionClock>()));
        services.AddSingleton<BatchBuilder>();
        services.AddSingleton<StoreDisk>();
        services.AddSingleton<JournalSpans>();
        services.AddSingleton<StoreProgress>();
        services.AddSingleton<StoredCalls>();
        services.AddSingleton(provider => new StoreWriter(
            provider.GetRequiredService<StoreFolder>(), provider.GetRequiredService<IOptions<StoreOptions>>().Value,
            provider.GetRequiredService<PriceBooks>().PriceAgain, provider.GetRequiredService<JournalSpans>().Again, provider.GetRequiredService<Counters>()));
        services.AddSingleton<DamagedPartitions>();
        services.AddSingleton<StoreReader>();
        services.AddSingleton<IJournalReader>(provider => provider.GetRequiredService<StoreReader>());
        services.AddHostedService(provider => provider.GetRequiredService<StoreReader>());
        services.AddHostedService<StoreUpkeep>();
        services.AddSingleton<StoreWork>();
        services.AddSingleton(provider => new Reindexer(
            new ReindexTools(
                provider.GetRequiredService<IJournal>(), provider.GetRequiredService<StoreFolder>(), provider.GetRequiredService<StoreWriter>(), provider.GetRequiredService<WriterThread>(),
                provider.GetRequiredService<PriceBooks>(), provider.GetRequiredService<IOptions<StoreOptions>>().Value, provider.GetRequiredService<IOptions<JournalOptions>>().Value,
                new RealDiskSpace(), provider.GetRequiredService<TimeProvider>(), () => provider.GetRequiredService<RetentionDesk>().Shortest.Rows,
                provider.GetRequiredService<DataHold>()),
            provider.GetRequiredService<StoreProgress>(), provider.GetRequiredService<StoreWork>(), provider.GetRequiredService<ILogger<Reindexer>>()));
        services.AddHostedService(provider => provider.GetRequiredService<Reindexer>());
        services.AddSingleton<RepricingLog>();
        services.AddSingleton(provider => new Repricer(
            provider.GetRequiredService<StoreFolder>(), provider.GetRequiredService<StoreWriter>(), provider.GetRequiredService<WriterThread>(), provider.GetRequiredService<StoreProgress>(),
            provider.GetRequiredService<PriceBooks>(), provider.GetRequiredService<RepricingLog>(), provider.GetRequiredService<RepriceTestOf>(), provider.GetRequiredService<StoreWork>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Repricer>>()));
        services.AddHostedService(provider => provider.GetRequiredService<Repricer>());
        return services;
    }
}
