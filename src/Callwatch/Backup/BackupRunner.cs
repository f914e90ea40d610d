using Callwatch.Journal;
using Callwatch.Store.Reading;
using Callwatch.Store.Writing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Backup;

public enum BackupState
{
    /// <summary>None was made since the start.</summary>
    Idle,
    Running,
    Done,
    Failed,
}

/// <summary>The backup under way, or the last one since the start.</summary>
public sealed record BackupStatus(BackupState State, string? Directory, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, BackupProgress? Progress, BackupResult? Result);

/// <summary>Makes backups of the running server, one at a time.</summary>
public sealed partial class BackupRunner : IHostedService, IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Backups backups;
    private readonly string data;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private CancellationTokenSource? given;
    private Task running = Task.CompletedTask;
    private volatile BackupStatus status = new(BackupState.Idle, null, null, null, null, null);

    internal BackupRunner(Backups backups, string data, TimeProvider time, ILogger log) => (this.backups, this.data, this.time, this.log) = (backups, data, time, log);

    public BackupStatus Status => status;

    /// <summary>Begins one; null when it has begun, else why not.</summary>
    /// <param name="busy">True when the reason is that another one is under way.</param>
    public string? Begin(string directory, string? since, out bool busy)
    {
        lock (gate)
        {
            busy = status.State == BackupState.Running || stopping.IsCancellationRequested;
            if (busy) return "A backup is under way.";
            if (BackupFolder.ObjectionTo(directory, data) is { } objection) return objection;
            given?.Dispose();
            given = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            status = new BackupStatus(BackupState.Running, directory, time.GetUtcNow(), null, null, null);
            running = Task.Run(() => RunAsync(directory, since, given.Token), CancellationToken.None);
            return null;
        }
    }

    /// <summary>Gives up the one under way; false when there is none.</summary>
    public bool Stop()
    {
        lock (gate)
        {
            if (status.State != BackupState.Running) return false;
            given!.Cancel();
            return true;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await running.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        given?.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(string directory, string? since, CancellationToken cancel)
    {
        BackupResult result;
        try
        {
            result = await backups.MakeAsync(directory, since, progress => status = status with { Progress = progress }, cancel);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours must not end the server, and must be seen.
            Faulted(e);
            result = new BackupResult.Failed("It failed; the server's log says how.");
        }

        if (result is BackupResult.Done done) Made(directory, done.Manifest.Head, done.Manifest.Bytes, (time.GetUtcNow() - status.StartedAt!.Value).TotalSeconds);
        else NotMade(directory, ((BackupResult.Failed)result).Reason);
        status = status with { State = result is BackupResult.Done ? BackupState.Done : BackupState.Failed, EndedAt = time.GetUtcNow(), Result = result };
    }

    [LoggerMessage(EventId = 261, Level = LogLevel.Information, Message = "Backup to {Directory} made: journal up to record {Head}, {Bytes} bytes, {Seconds} s")]
    private partial void Made(string directory, long head, long bytes, double seconds);

    [LoggerMessage(EventId = 262, Level = LogLevel.Error, Message = "Backup to {Directory} failed: {Reason}")]
    private partial void NotMade(string directory, string reason);

    [LoggerMessage(EventId = 263, Level = LogLevel.Error, Message = "A backup failed")]
    private partial void Faulted(Exception reason);
}

public static class BackupServices
{
    /// <summary>Behind the store and the journal: at a stop the backup gives up before they end.</summary>
    public static IServiceCollection AddBackup(this IServiceCollection services)
    {
        services.AddOptions<BackupOptions>().BindConfiguration(BackupOptions.Section);
        services.AddSingleton(provider =>
        {
            var (folder, time) = (provider.GetRequiredService<DataFolder>().Path, provider.GetRequiredService<TimeProvider>());
            var backups = new Backups(
                folder, provider.GetRequiredService<SegmentJournal>(), provider.GetRequiredService<DataHold>(), time,
                (provider.GetRequiredService<StoreWriter>(), provider.GetRequiredService<WriterThread>()));
            return new BackupRunner(backups, folder, time, provider.GetRequiredService<ILogger<BackupRunner>>());
        });
        services.AddHostedService(provider => provider.GetRequiredService<BackupRunner>());
        return services;
    }
}
