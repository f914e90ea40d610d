using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Media;

public static class MediaServices
{
    /// <summary>Files of media, and their retention, which goes by the journal's.</summary>
    public static IServiceCollection AddMedia(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<MediaOptions>, MediaOptionsValidator>();
        services.AddOptions<MediaOptions>().BindConfiguration(MediaOptions.Section).ValidateOnStart();
        services.AddSingleton(provider =>
        {
            // Not before the data folder is this process's own; and the journal knows when the disk is too full to accept anything.
            _ = provider.GetRequiredService<DataFolder>();
            var journal = provider.GetRequiredService<SegmentJournal>();
            return new MediaFolder(
                provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.MediaFolder, DiskFiles.Instance, () => journal.Disk.HasRoom,
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MediaFolder>>());
        });
        services.AddSingleton<IHostedService>(provider => new MediaTimer(
            new MediaSweep(
                provider.GetRequiredService<MediaFolder>(), provider.GetRequiredService<IJournal>(), provider.GetRequiredService<IOptions<MediaOptions>>().Value,
                provider.GetRequiredService<IOptions<JournalOptions>>().Value, DiskFiles.Instance, new RealDiskSpace(), provider.GetRequiredService<RetentionClock>(), provider.GetRequiredService<Counters>(),
                provider.GetRequiredService<DataHold>()),
            provider.GetRequiredService<IOptions<MediaOptions>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MediaFolder>>()));
        return services;
    }
}
