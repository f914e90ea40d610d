using Callwatch.Client;
using Callwatch.Client.Capture;
using Samples.Shared;
using Samples.Worker;

var builder = Host.CreateApplicationBuilder(args);
builder.AddCallwatch();

builder.Services.AddHttpClient(Model.Http).AddCallwatchCapture();
builder.Services.AddSingleton(Model.Client);
builder.Services.AddSingleton<Database>();
builder.Services.AddSingleton<JobQueue>();
builder.Services.AddHostedService<NamingWorker>();

var host = builder.Build();
await host.Services.GetRequiredService<Database>().PrepareAsync();
await host.RunAsync();
